use proptest::prelude::*;

use super::*;

fn mask(text: &str) -> String {
    Secrets::default().mask(text)
}

/// Puts prefixes and the rest of a secret together, so that nothing in this file looks like a leak.
fn made(prefix: &str, length: usize) -> String {
    let alphabet = b"Ab1Cd2Ef3Gh4Ij5Kl6Mn7Op8Qr9St0Uv";
    let rest: String = alphabet.iter().cycle().take(length).map(|byte| char::from(*byte)).collect();
    format!("{prefix}{rest}")
}

fn secrets_of_known_formats() -> Vec<String> {
    vec![
        format!("AKIA{}", "IOSFODNN7EXAMPLE"),
        format!("ASIA{}", "Y34FZKBOKMUTVV7A"),
        made("ghp_", 36),
        made("gho_", 36),
        made("github_pat_", 82),
        made("glpat-", 20),
        made("xoxb-", 40),
        made("sk_live_", 24),
        made("AIza", 35),
        made("npm_", 36),
        made("pypi-", 100),
        made("dckr_pat_", 27),
        made("hvs.", 24),
        format!("eyJ{}.{}.{}", made("", 20), made("eyJ", 30), made("", 43)),
        format!("IQoJ{}", made("", 300)),
    ]
}

#[test]
fn known_formats_are_masked_anywhere() {
    for secret in secrets_of_known_formats() {
        for (before, after) in [("", ""), ("x ", " y"), ("id=", ","), ("(", ")"), ("\"", "\": 1"), ("#", "#")]
        {
            assert_eq!(mask(&format!("{before}{secret}{after}")), format!("{before}***{after}"));
        }
    }
}

#[test]
fn what_the_text_calls_a_secret_is_masked() {
    let key = made("", 40);
    for (text, expected) in [
        // Assignments in shells, settings, JSON and YAML.
        ("password=hunter2", "password=***"),
        ("export DB_PASSWORD=correct-horse", "export DB_PASSWORD=***"),
        ("DB_PASS=hunter22 npm test", "DB_PASS=*** npm test"),
        ("PGPASSWORD='two words' psql", "PGPASSWORD='***' psql"),
        ("secret=abcdefgh", "secret=***"),
        ("API_KEY=abcdefgh", "API_KEY=***"),
        ("TOKEN=abcdefgh", "TOKEN=***"),
        ("token: abcd1234", "token: ***"),
        ("  client_secret: correct horse battery", "  client_secret: ***"),
        ("- password: hunter", "- password: ***"),
        ("{\"password\":\"hunter\",\"user\":\"ann\"}", "{\"password\":\"***\",\"user\":\"ann\"}"),
        ("{\\\"password\\\":\\\"hunter\\\",\\\"user\\\":1}", "{\\\"password\\\":\\\"***\\\",\\\"user\\\":1}"),
        ("{\"password\": \"a\\\"b c\", \"x\": 1}", "{\"password\": \"***\", \"x\": 1}"),
        ("config = { 'apiKey': 'abcdefgh' }", "config = { 'apiKey': '***' }"),
        ("Credentials { token: Some(\"abcdefgh\") }", "Credentials { token: Some(\"***\") }"),
        ("spring.datasource.password = hunter22", "spring.datasource.password = ***"),
        ("//registry.example/:_authToken=abcd1234", "//registry.example/:_authToken=***"),
        ("//registry.example/:_auth=dXNlcjpwYXNz", "//registry.example/:_auth=***"),
        ("ENV['API_TOKEN'] = 'abcdefgh'", "ENV['API_TOKEN'] = '***'"),
        // Flags.
        ("deploy --password hunter --force", "deploy --password *** --force"),
        ("deploy --db-password=hunter --force", "deploy --db-password=*** --force"),
        ("deploy --token abcdefgh", "deploy --token ***"),
        ("deploy --api-key \"abcdefgh\" x", "deploy --api-key \"***\" x"),
        ("curl -u ann:hunter https://x.example", "curl -u ann:*** https://x.example"),
        ("machine x.example login ann password hunter", "machine x.example login ann password ***"),
        // Headers and URLs.
        ("> Authorization: Bearer abcd1234", "> Authorization: Bearer ***"),
        ("authorization: Basic dXNlcjpwYXNz", "authorization: Basic ***"),
        ("-H 'Authorization: token abcd1234'", "-H 'Authorization: token ***'"),
        ("\"Authorization\": \"Bearer abcd1234\"", "\"Authorization\": \"Bearer ***\""),
        ("x-api-key: abcd1234", "x-api-key: ***"),
        ("Set-Cookie: sid=abcd; Path=/", "Set-Cookie: ***"),
        ("https://ann:hunter2@git.example/x", "https://***@git.example/x"),
        ("https://ann:hun@ter@git.example/x", "https://***@git.example/x"),
        ("postgres://ann:hunter@db:5432/x", "postgres://***@db:5432/x"),
        ("https://abcdef@git.example", "https://***@git.example"),
        ("https://x.example/?token=abcd1234&a=b", "https://x.example/?token=***"),
    ] {
        assert_eq!(mask(text), expected, "for {text:?}");
    }
    for (text, expected) in [
        (format!("aws_secret_access_key = {key}"), "aws_secret_access_key = ***".to_owned()),
        (format!("\"SecretAccessKey\": \"{key}\","), "\"SecretAccessKey\": \"***\",".to_owned()),
        (format!("\"SessionToken\": \"{key}\","), "\"SessionToken\": \"***\",".to_owned()),
        (format!("AKIAIOSFODNN7EXAMPLE,{key}"), "***,***".to_owned()),
        (format!("{key}\nuser: ann\nAKIAIOSFODNN7EXAMPLE"), "***\nuser: ann\n***".to_owned()),
        (
            format!("https://hooks.slack.com/services/T0/B0/{key}"),
            "https://hooks.slack.com/services/***".to_owned(),
        ),
    ] {
        assert_eq!(mask(&text), expected, "for {text:?}");
    }
}

#[test]
fn what_only_resembles_a_secret_stays() {
    for text in [
        // Ids, hashes, places.
        "commit 4f2a6c1b9d8e7f60123456789abcdef012345678",
        "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "\"integrity\": \"sha512-z4PhNX7vuL3xVChQ1m2AB9Yg5AULVxXcg/SpIdNs6c5H0NE8XYXysP+DGNKHfuwvY7kxvUdBeoGlODJ6+SfaPg==\"",
        "123e4567-e89b-12d3-a456-426614174000",
        "src/token/parser.rs:12:5: error: expected one of `;` or `}`",
        "at /app/node_modules/jsonwebtoken/verify.js:171:19",
        "test secrets::tests::password_is_masked ... FAILED",
        "Compiling password-hash v0.5.0",
        "PWD=/codebuild/output/src123/src/payments",
        "https://git-codecommit.eu-central-1.amazonaws.com/v1/repos/payments",
        "ssh://git@git.example/payments.git",
        "https://example.com:8443/a@b",
        "npm install @scope/package@1.2.3",
        "arn:aws:secretsmanager:eu-central-1:123456789012:secret:prod/db-AbCdEf",
        "AWS_ACCESS_KEY_ID is not set",
        "docker run -u 1000:1000 alpine",
        // Sentences.
        "SyntaxError: Unexpected token } in JSON at position 4",
        "Unexpected token: '}'",
        "error: unexpected token: `}`",
        "error: invalid password: must have 8 characters",
        "Password is required",
        "the argument '--token <TOKEN>' is required",
        "use --password to set one",
        "docker login --password-stdin",
        "Bearer authentication is required",
        "the secret of success",
        "secret: not found",
        // Code, as compilers quote it.
        "12 |     let token = lexer.next();",
        "12 |     let token = previous_token;",
        "password: String,",
        "token: string;",
        "const secret = process.env.SECRET;",
        "if password == other {",
        "login(password=password)",
        "Token::Ident(token)",
        "secret => panic!(),",
        "PASSWORD=$PASSWORD",
        "token: ${{ secrets.TOKEN }}",
        "max_tokens: 4096",
        "token_type=bearer",
        "tokenizer=whitespace",
        "password=***",
        // Public keys.
        "-----BEGIN CERTIFICATE-----\nMIIDdzCCAl+gAwIBAgIEAgAAuTANBgkqhkiG9w0BAQUFADBaMQswCQYDVQQGEwJJ\n-----END CERTIFICATE-----",
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl",
    ] {
        assert_eq!(mask(text), text);
    }
}

fn private_key() -> String {
    let body = [made("MIIE", 60), made("", 64), made("", 64), "Qw==".to_owned()].join("\n");
    format!("-----BEGIN RSA PRIVATE KEY-----\n{body}\n-----END RSA PRIVATE KEY-----")
}

#[test]
fn private_keys_are_masked_line_by_line() {
    let masked = "-----BEGIN RSA PRIVATE KEY-----\n***\n***\n***\n***\n-----END RSA PRIVATE KEY-----";
    assert_eq!(mask(&format!("a\n{}\nb", private_key())), format!("a\n{masked}\nb"));
    let on_one_line = private_key().replace('\n', "\\n");
    assert_eq!(
        mask(&format!("KEY: \"{on_one_line}\"")),
        "KEY: \"-----BEGIN RSA PRIVATE KEY-----***-----END RSA PRIVATE KEY-----\""
    );
}

#[test]
fn a_private_key_whose_end_or_begin_is_missing_is_masked() {
    let key = private_key();
    let without_end = key.split("\n-----END").next().unwrap();
    assert_eq!(
        mask(&format!("{without_end}\nerror: no more\nnothing here")),
        "-----BEGIN RSA PRIVATE KEY-----\n***\n***\n***\n***\nerror: no more\nnothing here"
    );
    let without_begin = key.split_once('\n').unwrap().1;
    assert_eq!(
        mask(&format!("make: ok, go on\n{without_begin}")),
        "make: ok, go on\n***\n***\n***\n***\n-----END RSA PRIVATE KEY-----"
    );
    assert_eq!(
        mask(&format!("\"{}", without_end.replace('\n', "\\n"))),
        "\"-----BEGIN RSA PRIVATE KEY-----***"
    );
    let mentioned = "error: expected \"-----BEGIN PRIVATE KEY-----\" at line 1\n  in the file key.pem\nnote: see doc/keys.md";
    assert_eq!(mask(mentioned), mentioned);
}

#[test]
fn values_of_variables_are_masked() {
    let secrets = Secrets::from_variables([
        ("DEPLOY_TOKEN", "correct-horse-battery"),
        ("DEPLOY_TOKEN_2", "correct-horse-battery-staple"),
        ("DB_PASS", "test"),
        ("SSH_PRIVATE_KEY", "first line of it\nsecond line of it"),
        ("STAGE", "production"),
    ]);
    for (text, expected) in [
        ("using correct-horse-battery-staple now", "using *** now"),
        ("xcorrect-horse-batteryx", "x***x"),
        ("second line of it", "***"),
        ("latest test, testing", "latest ***, testing"),
        ("stage production", "stage production"),
        ("correct-\u{1b}[1mhorse\u{1b}[0m-bat\u{200b}tery", "***"),
    ] {
        assert_eq!(secrets.mask(text), expected, "for {text:?}");
    }
}

#[test]
fn debug_output_has_no_value() {
    let secrets = Secrets::from_variables([("MY_TOKEN", "correct-horse-battery")]);
    assert_eq!(format!("{secrets:?}"), "Secrets { values: 1 }");
}

/// Text around a secret that is no part of a word with it.
fn around() -> impl Strategy<Value = String> {
    prop_oneof![
        "[ -~\n]{0,40}",
        "\\PC{0,20}",
        Just("password = ".to_owned()),
        Just("error: token: \"".to_owned()),
        Just("https://".to_owned()),
        Just("-----BEGIN PRIVATE KEY-----\n".to_owned()),
    ]
}

fn noise() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec!["", "\u{1b}[0m", "\u{1b}[38;5;1m", "\u{200b}", "\u{1b}(B", "\u{0}", "\u{202e}"])
}

proptest! {
    #[test]
    fn no_secret_of_a_known_format_stays(
        before in around(), after in around(), which in 0..15_usize, noise in noise(), cut in 1..19_usize,
    ) {
        let secret = &secrets_of_known_formats()[which];
        let (start, end) = secret.split_at(cut);
        let masked = mask(&format!("{before}{start}{noise}{end}{after}"));
        prop_assert!(!masked.contains(secret.as_str()), "{masked:?}");
    }

    #[test]
    fn no_value_of_a_variable_stays(before in around(), after in around(), value in "[!-~äß]{8,40}") {
        let secrets = Secrets::from_variables([("MY_TOKEN", value.as_str())]);
        let masked = secrets.mask(&format!("{before}{value}{after}"));
        prop_assert!(!masked.contains(&value), "{masked:?}");
    }

    #[test]
    fn no_assigned_password_stays(before in "[ -~\n]{0,40}", value in "[A-Za-z0-9+/]{12,40}") {
        prop_assume!(!value.bytes().all(|byte| b"xX".contains(&byte)));
        for assignment in ["\npassword=", "\n\"password\": \"", "\npassword: ", "\nx --password "] {
            let masked = mask(&format!("{before}{assignment}{value}"));
            prop_assert!(!masked.contains(&value), "{masked:?}");
        }
    }

    #[test]
    fn a_mask_keeps_the_lines_and_masks_once(
        parts in prop::collection::vec(prop_oneof![around(), (0..15_usize).prop_map(|which| secrets_of_known_formats().swap_remove(which))], 0..6)
    ) {
        let secrets = Secrets::from_variables([("MY_PASS", "horse"), ("MY_SECRET", "battery staple")]);
        let text = displayed(&parts.join(" horse "));
        let masked = secrets.mask_displayed(&text);
        prop_assert_eq!(masked.split('\n').count(), text.split('\n').count());
        prop_assert_eq!(secrets.mask(&masked), masked);
    }

    #[test]
    fn any_text_can_be_masked(text in any::<String>()) {
        mask(&text);
    }
}

/// Each of these would take hours if a search began again for each character.
#[test]
fn a_huge_line_is_masked_in_linear_time() {
    for part in [
        "a",
        "token ",
        "token:",
        "password=",
        "https://",
        "://a",
        "AKIAIOSFODNN7EXAMPLE",
        "eyJaaaaaaaaa.",
        "-----BEGIN PRIVATE KEY-----",
        "-----END PRIVATE KEY-----\n",
        "cookie: ",
        "--",
        "Authorization:",
        "auth=",
        "\"password\":\\\"",
        "horse ",
        "login x ",
        "gh",
    ] {
        let text = part.repeat(200_000 / part.len());
        let masked = Secrets::from_variables([("MY_PASS", "horse")]).mask(&text);
        assert!(masked.len() <= text.len(), "for {part:?}");
    }
}
