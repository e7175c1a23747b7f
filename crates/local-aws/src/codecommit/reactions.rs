//! The operations on the reactions to a comment: one emoji a user.

use serde::{Deserialize, Deserializer};
use serde_json::{Value, json};

use super::CodeCommit;
use super::events::{CommentChange, reaction_event};
use super::page::{page, page_size};
use super::parameters::comment_id;
use super::state::Comment;
use crate::aws_json::ApiError;
use crate::caller::Caller;

/// Different reactions a page by default, and at most (API reference, GetCommentReactions, maxResults).
const REACTIONS_PER_PAGE: usize = 1000;

/// An emoji in the forms that the API takes and answers.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Emoji {
    pub(super) graphic: &'static str,
    /// As GetCommentReactions answers it: without colons.
    pub(super) short_code: &'static str,
    /// As a comment's `callerReactions` and `reactionCounts` have it.
    name: &'static str,
    pub(super) code_point: &'static str,
}

/// The reactions that the examples of AWS's user guide and API reference name. The user guide's table has a few more.
static EMOJIS: [Emoji; 5] = [
    Emoji { graphic: "👍", short_code: "thumbsup", name: "THUMBSUP", code_point: "U+1F44D" },
    Emoji { graphic: "👎", short_code: "thumbsdown", name: "THUMBSDOWN", code_point: "U+1F44E" },
    Emoji { graphic: "😄", short_code: "smile", name: "SMILE", code_point: "U+1F604" },
    Emoji { graphic: "😕", short_code: "confused", name: "CONFUSED", code_point: "U+1F615" },
    Emoji { graphic: "👏", short_code: "clap", name: "CLAP", code_point: "U+1F44F" },
];

/// What one user thinks of a comment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Reaction {
    pub(super) user_arn: String,
    pub(super) emoji: &'static Emoji,
}

impl Comment {
    /// The caller's own reactions, as a comment's `callerReactions`.
    pub(super) fn reactions_of(&self, user_arn: &str) -> Vec<&'static str> {
        let own = self.reactions.iter().filter(|reaction| reaction.user_arn == user_arn);
        own.map(|reaction| reaction.emoji.name).collect()
    }

    /// How many users gave each reaction, as a comment's `reactionCounts`.
    pub(super) fn reaction_counts(&self) -> Value {
        let count = |emoji: &'static Emoji| {
            let count = self.reactions.iter().filter(|reaction| reaction.emoji == emoji).count();
            (count > 0).then(|| (emoji.name.to_owned(), count.into()))
        };
        Value::Object(EMOJIS.iter().filter_map(count).collect())
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct PutCommentReaction {
    comment_id: Option<String>,
    /// Null takes the reaction back, and only its absence is an error.
    #[serde(default, deserialize_with = "present")]
    reaction_value: Option<Option<String>>,
}

fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Option<String>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct GetCommentReactions {
    comment_id: Option<String>,
    reaction_user_arn: Option<String>,
    next_token: Option<String>,
    max_results: Option<i64>,
}

impl CodeCommit {
    /// Taking a reaction back and giving the same one again send no event.
    pub(super) fn put_comment_reaction(
        &self,
        caller: &Caller,
        input: PutCommentReaction,
    ) -> Result<Value, ApiError> {
        let id = comment_id(input.comment_id)?;
        let value = input
            .reaction_value
            .ok_or_else(|| ApiError::new("ReactionValueRequiredException", "A reaction value is required"))?;
        let emoji = reaction_value(value.as_deref().unwrap_or_default())?;
        let mut state = self.lock();
        let comment = state.comment(&id)?;
        let earlier = comment.reactions.iter().position(|reaction| reaction.user_arn == caller.arn);
        let earlier = earlier.map(|index| comment.reactions.remove(index));
        let Some(emoji) = emoji else { return Ok(json!({})) };
        let reaction = Reaction { user_arn: caller.arn.clone(), emoji };
        comment.reactions.push(reaction.clone());
        let change = match earlier {
            Some(earlier) if earlier == reaction => return Ok(json!({})),
            Some(_) => CommentChange::Updated,
            None => CommentChange::Created,
        };
        let comment = comment.clone();
        let repository_id = &state.repository(&comment.repository_name)?.id;
        let now = self.clock.now();
        let event = reaction_event(&self.account, now, change, &comment, repository_id, &reaction);
        self.send(&state, [event]);
        Ok(json!({}))
    }

    pub(super) fn get_comment_reactions(&self, input: GetCommentReactions) -> Result<Value, ApiError> {
        let id = comment_id(input.comment_id)?;
        let user = input.reaction_user_arn.filter(|arn| !arn.is_empty());
        if let Some(arn) = user.as_ref().filter(|arn| !arn.starts_with("arn:")) {
            let message = format!("{arn:?} is not the ARN of a user");
            return Err(ApiError::new("InvalidReactionUserArnException", message));
        }
        let size = page_size(input.max_results, REACTIONS_PER_PAGE, REACTIONS_PER_PAGE)?;
        let mut state = self.lock();
        let comment = state.comment(&id)?;
        let asked = |reaction: &&Reaction| user.as_ref().is_none_or(|arn| *arn == reaction.user_arn);
        let answer = |emoji: &'static Emoji| {
            let users = comment.reactions.iter().filter(asked).filter(|reaction| reaction.emoji == emoji);
            let users: Vec<_> = users.map(|reaction| reaction.user_arn.as_str()).collect();
            let reaction = json!({
                "emoji": emoji.graphic,
                "shortCode": emoji.short_code,
                "unicode": emoji.code_point,
            });
            (!users.is_empty()).then(|| {
                json!({ "reaction": reaction, "reactionUsers": users, "reactionsFromDeletedUsersCount": 0 })
            })
        };
        let reactions: Vec<_> = EMOJIS.iter().filter_map(answer).collect();
        let (reactions, next) = page(reactions, "GetCommentReactions", input.next_token.as_deref(), size)?;
        let mut answer = json!({ "reactionsForComment": reactions });
        if let Some(next) = next {
            answer["nextToken"] = next.into();
        }
        Ok(answer)
    }
}

/// The emoji that a value names as a graphic, a short code or a code point; nothing where it takes a reaction back.
fn reaction_value(value: &str) -> Result<Option<&'static Emoji>, ApiError> {
    let value = value.trim();
    if value.is_empty() || value.eq_ignore_ascii_case("none") {
        return Ok(None);
    }
    let in_colons = value.strip_prefix(':').and_then(|value| value.strip_suffix(':'));
    let named = |emoji: &&Emoji| {
        value == emoji.graphic
            || in_colons.unwrap_or(value).eq_ignore_ascii_case(emoji.short_code)
            || value.eq_ignore_ascii_case(emoji.code_point)
    };
    if let Some(emoji) = EMOJIS.iter().find(named) {
        return Ok(Some(emoji));
    }
    // AWS may well know an emoji that is not in the table: that is no mistake of the caller's.
    let is_name = in_colons.is_some_and(|name| !name.is_empty() && !name.contains(char::is_whitespace));
    let code_point = value.strip_prefix("U+").and_then(|digits| u32::from_str_radix(digits, 16).ok());
    if is_name || code_point.is_some_and(is_pictograph) || value.chars().any(|c| is_pictograph(c.into())) {
        return Err(ApiError::not_modeled(format_args!("the reaction {value}")));
    }
    let known: Vec<_> = EMOJIS.iter().map(|emoji| format!(":{}:", emoji.short_code)).collect();
    let message = format!("Reaction {value:?} is not valid: it must be one of {}, or none", known.join(", "));
    Err(ApiError::new("InvalidReactionValueException", message))
}

/// Where Unicode has its symbols and pictographs.
fn is_pictograph(code_point: u32) -> bool {
    matches!(code_point, 0x2600..=0x27BF | 0x1F300..=0x1FAFF)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_emoji_is_named_in_three_ways() {
        for value in ["👍", ":thumbsup:", "thumbsup", "THUMBSUP", "U+1F44D", "u+1f44d"] {
            assert_eq!(reaction_value(value).unwrap(), Some(&EMOJIS[0]), "{value}");
        }
        for value in ["", " ", "none", "NONE"] {
            assert_eq!(reaction_value(value).unwrap(), None, "{value:?}");
        }
    }

    #[test]
    fn the_forms_of_an_emoji_are_the_same_character() {
        for emoji in &EMOJIS {
            let graphic: Vec<String> =
                emoji.graphic.chars().map(|c| format!("U+{:X}", u32::from(c))).collect();
            assert_eq!(graphic, [emoji.code_point]);
            assert_eq!(emoji.name, emoji.short_code.to_uppercase());
        }
    }

    #[test]
    fn an_emoji_that_is_missing_here_is_no_mistake_of_the_caller() {
        for (value, code) in [
            ("🚀", "NotModeledByLocalAws"),
            ("❤️", "NotModeledByLocalAws"),
            (":rocket:", "NotModeledByLocalAws"),
            ("U+1F680", "NotModeledByLocalAws"),
            ("great", "InvalidReactionValueException"),
            ("::", "InvalidReactionValueException"),
            ("U+41", "InvalidReactionValueException"),
            ("U+", "InvalidReactionValueException"),
        ] {
            assert_eq!(reaction_value(value).unwrap_err().code, code, "{value}");
        }
    }
}
