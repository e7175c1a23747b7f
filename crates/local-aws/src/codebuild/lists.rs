//! ListBuilds, ListBuildsForProject and ListProjects.

use serde::Deserialize;
use serde_json::{Value, json};

use super::CodeBuild;
use super::request::invalid;
use crate::aws_json::ApiError;

/// Ids and names a page.
const PAGE: usize = 100;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct ListBuildsInput {
    sort_order: Option<String>,
    next_token: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct ListBuildsForProjectInput {
    project_name: String,
    sort_order: Option<String>,
    next_token: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct ListProjectsInput {
    sort_by: Option<String>,
    sort_order: Option<String>,
    next_token: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SortOrder {
    Ascending,
    Descending,
}

impl CodeBuild {
    /// All builds, the newest first unless it is asked for otherwise.
    pub(super) fn list_builds(&self, input: &ListBuildsInput) -> Result<Value, ApiError> {
        let order = read_order(input.sort_order.as_deref())?.unwrap_or(SortOrder::Descending);
        list_ids(&self.lock().submitted, order, input.next_token.as_deref())
    }

    /// A project's builds, the newest first unless it is asked for otherwise.
    pub(super) fn list_builds_for_project(
        &self,
        input: &ListBuildsForProjectInput,
    ) -> Result<Value, ApiError> {
        self.project(&input.project_name)?;
        let ids = self.builds_of_project(&input.project_name);
        let order = read_order(input.sort_order.as_deref())?;
        if order.is_some() && ids.len() > PAGE {
            return Err(invalid(format!(
                "sortOrder cannot be set for a project with more than {PAGE} builds; leave it out"
            )));
        }
        list_ids(&ids, order.unwrap_or(SortOrder::Descending), input.next_token.as_deref())
    }

    /// The projects' names. All were created and modified at the same time, so every order is the one of the names. A
    /// token is the last name of its page.
    pub(super) fn list_projects(&self, input: &ListProjectsInput) -> Result<Value, ApiError> {
        if let Some(other) = input
            .sort_by
            .as_deref()
            .filter(|sort_by| !["NAME", "CREATED_TIME", "LAST_MODIFIED_TIME"].contains(sort_by))
        {
            return Err(invalid(format!(
                "sortBy is {other}; it can be NAME, CREATED_TIME or LAST_MODIFIED_TIME"
            )));
        }
        let descending = read_order(input.sort_order.as_deref())? == Some(SortOrder::Descending);
        let mut names: Vec<_> = self.projects.iter().map(|project| project.name.as_str()).collect();
        names.sort_unstable();
        if descending {
            names.reverse();
        }
        if let Some(last) = input.next_token.as_deref() {
            names.retain(|name| if descending { *name < last } else { *name > last });
        }
        let page = &names[..names.len().min(PAGE)];
        let mut answer = json!({ "projects": page });
        if let Some(last) = page.last().filter(|_| names.len() > PAGE) {
            answer["nextToken"] = json!(last);
        }
        Ok(answer)
    }
}

/// A page of builds, which are given in the order of their submission. A token is the number of the last build of its
/// page, so that builds that start meanwhile do not shift the next one.
fn list_ids(ids: &[String], order: SortOrder, token: Option<&str>) -> Result<Value, ApiError> {
    let last = match token.map(str::parse::<usize>) {
        None => None,
        Some(Ok(number)) if (1..=ids.len()).contains(&number) => Some(number),
        Some(_) => return Err(invalid("Invalid nextToken")),
    };
    let (page, next) = match order {
        SortOrder::Descending => {
            let before = last.map_or(ids.len(), |number| number - 1);
            let after = before.saturating_sub(PAGE);
            let page = ids[after..before].iter().rev().collect::<Vec<_>>();
            (page, (after > 0).then_some(after + 1))
        }
        SortOrder::Ascending => {
            let after = last.unwrap_or(0);
            let before = ids.len().min(after + PAGE);
            (ids[after..before].iter().collect(), (before < ids.len()).then_some(before))
        }
    };
    let mut answer = json!({ "ids": page });
    if let Some(number) = next {
        answer["nextToken"] = number.to_string().into();
    }
    Ok(answer)
}

pub(super) fn read_order(text: Option<&str>) -> Result<Option<SortOrder>, ApiError> {
    match text {
        None => Ok(None),
        Some("ASCENDING") => Ok(Some(SortOrder::Ascending)),
        Some("DESCENDING") => Ok(Some(SortOrder::Descending)),
        Some(other) => Err(invalid(format!("sortOrder is {other}; it can be ASCENDING or DESCENDING"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All pages from the first one on, and how many they are.
    fn pages(ids: &[String], order: SortOrder) -> (Vec<String>, usize) {
        let (mut all, mut pages, mut token) = (Vec::new(), 0, None::<String>);
        loop {
            let answer = list_ids(ids, order, token.as_deref()).unwrap();
            all.extend(answer["ids"].as_array().unwrap().iter().map(|id| id.as_str().unwrap().to_owned()));
            pages += 1;
            match answer.get("nextToken") {
                Some(next) => token = Some(next.as_str().unwrap().to_owned()),
                None => return (all, pages),
            }
        }
    }

    #[test]
    fn every_build_is_on_one_page_in_both_orders() {
        for (count, expected_pages) in [(0, 1), (1, 1), (100, 1), (101, 2), (250, 3)] {
            let ids: Vec<String> = (1..=count).map(|number| format!("hook:{number}")).collect();
            assert_eq!(pages(&ids, SortOrder::Ascending), (ids.clone(), expected_pages));
            let newest_first: Vec<String> = ids.iter().rev().cloned().collect();
            assert_eq!(pages(&ids, SortOrder::Descending), (newest_first, expected_pages));
        }
    }

    #[test]
    fn a_token_that_was_not_given_out_is_an_error() {
        let ids = ["hook:1".to_owned()];
        for token in ["0", "2", "-1", "x", ""] {
            let error = list_ids(&ids, SortOrder::Descending, Some(token)).unwrap_err();
            assert_eq!(error.code, "InvalidInputException", "{token}");
        }
    }
}
