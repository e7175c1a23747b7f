//! An event as its leaves.

use std::collections::BTreeMap;

use serde_json::Value;

/// Which element of which array a leaf is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    array: usize,
    element: usize,
}

impl Place {
    /// Different elements of one array do not go together.
    pub(super) fn agrees_with(&self, other: &Self) -> bool {
        self.array != other.array || self.element == other.element
    }
}

/// A value that is neither an object nor an array.
#[derive(Debug)]
pub(super) struct Leaf<'e> {
    pub(super) value: &'e Value,
    /// Empty outside of arrays of objects.
    pub(super) places: Vec<Place>,
}

/// All leaves of an event by path.
#[derive(Debug, Default)]
pub(super) struct Leaves<'e> {
    by_path: BTreeMap<String, Vec<Leaf<'e>>>,
    arrays: usize,
}

impl<'e> Leaves<'e> {
    pub(super) fn of(event: &'e Value) -> Self {
        let mut leaves = Self::default();
        leaves.add("", event, &[]);
        leaves
    }

    pub(super) fn at(&self, path: &str) -> &[Leaf<'e>] {
        self.by_path.get(path).map_or(&[], Vec::as_slice)
    }

    /// An array's elements are at the array's own path. An empty array or object has no leaf: it does not exist.
    fn add(&mut self, path: &str, value: &'e Value, places: &[Place]) {
        match value {
            Value::Object(members) => {
                for (name, member) in members {
                    let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                    self.add(&path, member, places);
                }
            }
            Value::Array(elements) => {
                self.arrays += 1;
                let array = self.arrays;
                for (element, value) in elements.iter().enumerate() {
                    self.add(path, value, &[places, &[Place { array, element }]].concat());
                }
            }
            value => {
                let leaf = Leaf { value, places: places.to_vec() };
                self.by_path.entry(path.to_owned()).or_default().push(leaf);
            }
        }
    }
}
