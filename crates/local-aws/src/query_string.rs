//! The text forms of URLs: percent-encoding, and `name=value` pairs in queries and forms.

/// Text without its `%XX`: clients escape the colons of an ARN, for example.
pub fn decode_percent(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, tail)) = rest.split_first() {
        let escaped = (byte == b'%')
            .then(|| tail.get(..2))
            .flatten()
            .and_then(|digits| std::str::from_utf8(digits).ok())
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        match escaped {
            Some(decoded) => {
                bytes.push(decoded);
                rest = &tail[2..];
            }
            None => {
                bytes.push(byte);
                rest = tail;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The pairs of a query or of a form (`application/x-www-form-urlencoded`), decoded and in their order.
pub fn parse_pairs(text: &str) -> Vec<(String, String)> {
    let decode = |part: &str| decode_percent(&part.replace('+', " "));
    text.split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(name, value)| (decode(name), decode(value)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_escaped_is_decoded_and_anything_else_stays() {
        assert_eq!(decode_percent("arn%3Aaws%3Alambda:x%24LATEST"), "arn:aws:lambda:x$LATEST");
        assert_eq!(decode_percent("plain%2"), "plain%2");
        assert_eq!(decode_percent("a+b%zz"), "a+b%zz");
    }

    #[test]
    fn pairs_are_split_before_they_are_decoded() {
        let pairs = parse_pairs("Action=GetCallerIdentity&note=a+b%26c%3Dd&empty=&bare");
        let expected = [("Action", "GetCallerIdentity"), ("note", "a b&c=d"), ("empty", ""), ("bare", "")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(pairs, expected);
        assert_eq!(parse_pairs(""), []);
    }
}
