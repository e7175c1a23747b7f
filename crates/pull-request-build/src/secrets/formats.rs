//! Secrets that are known by their own format, or by the words around them.

use std::ops::Range;
use std::sync::LazyLock;

use regex::bytes::Regex;

use crate::patterns::pattern;

/// Formats with a prefix that nothing else has.
static TOKENS: LazyLock<Regex> = LazyLock::new(|| {
    let formats = [
        // AWS: ids of access keys (the other prefixes of IAM name things), session tokens, keys of Bedrock.
        r"(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}",
        r"(?:IQoJ|FwoG|FQoG)[A-Za-z0-9+/=]{80,}",
        r"ABSK[A-Za-z0-9+/=]{80,}",
        // GitHub, GitLab.
        r"gh[pousr]_[A-Za-z0-9_]{20,}",
        r"github_pat_[A-Za-z0-9_]{20,}",
        r"gl(?:pat|dt|rt|cbt|ptt|ft|imt|soat|agent|oas)-[A-Za-z0-9_-]{16,}",
        // Slack, Stripe, Google, SendGrid.
        r"xox[abeoprs](?:\.xox[abp])?-[A-Za-z0-9-]{10,}",
        r"xapp-[A-Za-z0-9-]{10,}",
        r"(?:sk|rk)_(?:live|test)_[A-Za-z0-9]{10,}",
        r"whsec_[A-Za-z0-9+/=]{20,}",
        r"AIza[A-Za-z0-9_-]{35}",
        r"GOCSPX-[A-Za-z0-9_-]{20,}",
        r"ya29\.[A-Za-z0-9_-]{20,}",
        r"SG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}",
        // Package registries: npm, PyPI, crates.io, Docker Hub, RubyGems, NuGet.
        r"npm_[A-Za-z0-9]{36}",
        r"pypi-[A-Za-z0-9_-]{50,}",
        r"\bcio[A-Za-z0-9]{32}\b",
        r"dckr_(?:pat|oat)_[A-Za-z0-9_-]{20,}",
        r"rubygems_[a-f0-9]{48}",
        r"oy2[a-z0-9]{43}",
        // Vault, DigitalOcean, OpenAI and Anthropic, age.
        r"hv[sbr]\.[A-Za-z0-9_-]{20,}",
        r"do[opr]_v1_[a-f0-9]{64}",
        r"\bsk-(?:ant-|proj-|svcacct-)?[A-Za-z0-9_-]{20,}",
        r"AGE-SECRET-KEY-1[A-Z0-9]{58}",
        // JSON Web Tokens, signed (three parts) or encrypted (five, of which one may be empty).
        r"eyJ[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*){2,4}",
    ];
    pattern(&formats.join("|"))
});

/// What the words around it call a secret: the first group.
static IN_CONTEXT: LazyLock<Vec<(Regex, Judge)>> = LazyLock::new(|| {
    let contexts: [(&str, Judge); 9] = [
        // `Authorization: Bearer …`, in a request or in code.
        (
            r#"(?i)\bauthorization\\?["']?\s?[:=]\s?\\?["']?(?:(?:bearer|basic|token|digest|negotiate|apikey|aws4-hmac-sha256)\s+)?([^\s"'\\]{4,})"#,
            is_base64,
        ),
        (r"(?i)\b(?:bearer|basic)\s+([A-Za-z0-9._~+/=-]{8,})", is_base64),
        // Credentials in a URL: everything between `://` and the last `@` before the path.
        (r#"://([^\s/?#"'<>`]+)@"#, is_not_a_plain_user),
        // curl -u user:password
        (r#"(?:^|\s)(?:-u|--user)[ =]?\\?["']?[A-Za-z0-9_.@+-]+:([^\s"'\\]+)"#, is_not_a_number),
        // .netrc
        (r"\blogin\s+\S+\s+password\s+(\S+)", any_value),
        // .npmrc, Docker's config.json
        (r#"(?:\b|_)auth\\?["']?\s?[:=]\s?\\?["']?([A-Za-z0-9+/=_-]{8,})"#, is_base64),
        (r"hooks\.slack\.com/(?:services|workflows|triggers)/([A-Za-z0-9/_-]+)", any_value),
        (r"(?i)[?&](?:x-amz-signature|x-goog-signature|signature|sig)=([A-Za-z0-9%+/=_-]{16,})", any_value),
        (r#"(?i)\bcookie\\?["']?\s?:\s?\\?["']?([^\s=:"']+=[^\n"']+)"#, any_value),
    ];
    contexts.into_iter().map(|(text, judge)| (pattern(text), judge)).collect()
});

type Judge = fn(&[u8]) -> bool;

pub(super) fn find(text: &str, secrets: &mut Vec<Range<usize>>) {
    let bytes = text.as_bytes();
    for token in TOKENS.find_iter(bytes) {
        if is_access_key_id(token.as_bytes()) {
            find_secret_keys_beside(bytes, &token.range(), secrets);
        }
        secrets.push(token.range());
    }
    for (regex, judge) in IN_CONTEXT.iter() {
        let groups = regex.captures_iter(bytes).filter_map(|captures| captures.get(1));
        secrets.extend(groups.filter(|group| judge(group.as_bytes())).map(|group| group.range()));
    }
}

fn is_access_key_id(token: &[u8]) -> bool {
    token.len() == 20 && token.iter().all(u8::is_ascii_alphanumeric)
}

/// A secret access key has no mark of its own: 40 characters of Base64. Beside the id of an access key, within about two
/// lines, it is taken for one; a commit's id is hexadecimal and stays.
fn find_secret_keys_beside(text: &[u8], id: &Range<usize>, secrets: &mut Vec<Range<usize>>) {
    const NEAR: usize = 200;
    let is_key = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/');
    let mut start = id.start.saturating_sub(NEAR);
    let end = text.len().min(id.end + NEAR);
    // A run that is cut by the edge of what is near has another length.
    for run in text[start..end].split(|byte| !is_key(byte)) {
        let has = |kind: fn(&u8) -> bool| run.iter().any(kind);
        if run.len() == 40
            && has(u8::is_ascii_uppercase)
            && has(u8::is_ascii_lowercase)
            && !run.iter().all(u8::is_ascii_hexdigit)
        {
            secrets.push(start..start + run.len());
        }
        start += run.len() + 1;
    }
}

/// Whether it is no word of a language: letters with digits, or long and without a word's shape.
pub(super) fn is_made_up(text: &[u8]) -> bool {
    let count = |kind: fn(&u8) -> bool| text.iter().take(256).filter(|byte| kind(byte)).count();
    let letters = count(u8::is_ascii_alphabetic);
    (text.len() >= 6 && letters > 0 && count(u8::is_ascii_digit) > 0)
        || (text.len() >= 16 && count(u8::is_ascii_uppercase) > 1 && count(u8::is_ascii_lowercase) > 1)
        || (text.len() >= 6 && text.ends_with(b"=") && letters > 3)
}

/// Base64 of a few characters may be without a digit, but rarely is in one case.
fn is_base64(text: &[u8]) -> bool {
    let mixes_cases =
        text.windows(2).any(|pair| pair[0].is_ascii_lowercase() && pair[1].is_ascii_uppercase());
    mixes_cases || is_made_up(text)
}

fn any_value(_: &[u8]) -> bool {
    true
}

/// `ssh://git@host` names the user that everybody has.
fn is_not_a_plain_user(text: &[u8]) -> bool {
    text != b"git"
}

/// `docker run --user 1000:1000` has no password.
fn is_not_a_number(text: &[u8]) -> bool {
    !text.iter().all(u8::is_ascii_digit)
}
