//! Random numbers that are the same in every run, and what is chosen with them. (The ids that AWS makes up, and what
//! depends on the time, are not.)

use serde_json::{Value, json};

/// SplitMix64 (Steele, Lea and Flood, 2014).
pub(crate) struct Random(pub(crate) u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `bound`.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound as u64) as usize
    }

    /// True once in `times`.
    pub(crate) fn once_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }

    pub(crate) fn choose<'c, T>(&mut self, choices: &'c [T]) -> &'c T {
        &choices[self.below(choices.len())]
    }

    /// One of these, or what is never one where there are none.
    pub(crate) fn choose_or(&mut self, choices: &[String], otherwise: &str) -> String {
        // A number is drawn in any case, so that the next ones are the same however many choices there were.
        let number = self.next();
        let index = usize::try_from(number).unwrap_or_default().checked_rem(choices.len());
        index.map_or_else(|| otherwise.to_owned(), |index| choices[index].clone())
    }

    /// Spoils one member of a request: it goes, gets a value that it should not have, or gets an unknown neighbor.
    pub(crate) fn spoil(&mut self, input: &mut Value) {
        let Some(members) = input.as_object_mut() else { return };
        let names: Vec<String> = members.keys().cloned().collect();
        let wrong = self.wrong_value();
        match (self.below(4), names.is_empty()) {
            (0, false) => drop(members.remove(self.choose(&names))),
            (1, _) | (_, true) => drop(members.insert("noSuchMember".to_owned(), wrong)),
            _ => drop(members.insert(self.choose(&names).clone(), wrong)),
        }
    }

    fn wrong_value(&mut self) -> Value {
        let wrong = [
            json!(null),
            json!(""),
            json!(" "),
            json!("../../etc/passwd"),
            json!("-rf"),
            json!("--upload-pack=sh"),
            json!("a\u{0}b\nc"),
            json!("refs/heads/feature-0^{}"),
            json!("x".repeat(20_000)),
            json!("🦀"),
            json!(0),
            json!(-1),
            json!(u64::MAX),
            json!(1.5e300),
            json!(true),
            json!([]),
            json!([null]),
            json!([{}]),
            json!({ "x": [1] }),
            json!("0".repeat(40)),
        ];
        self.choose(&wrong).clone()
    }
}
