use super::*;

#[test]
fn the_setting_is_one_of_three_words() {
    assert_eq!(Replies::parse("never"), Ok(Replies::Never));
    assert_eq!(Replies::parse("onChange"), Ok(Replies::OnChange));
    assert_eq!(Replies::parse("always"), Ok(Replies::Always));
    let error = Replies::parse("on-change").unwrap_err().to_string();
    assert!(error.contains("never, onChange or always") && error.contains("on-change"), "{error}");
}
