//! Tells publish-build-result that a build could not be started.

use aws_sdk_eventbridge::{
    Client,
    types::{PutEventsRequestEntry, PutEventsResultEntry},
};
use lambda_setup::CallFailure;
use pull_request_build::NotStarted;

const OPERATION: &str = "PutEvents";

/// Puts the report on the account's default bus, from which a rule hands it on.
pub(crate) async fn report_not_started(client: &Client, not_started: &NotStarted) -> Result<(), CallFailure> {
    let entry = PutEventsRequestEntry::builder()
        .source(NotStarted::SOURCE)
        .detail_type(NotStarted::DETAIL_TYPE)
        .detail(not_started.detail().to_string())
        .build();
    let answer = client.put_events().entries(entry).send().await;
    let answer = answer.map_err(|error| CallFailure::sort(OPERATION, &error))?;
    // An entry that is not taken is no error of the call.
    match answer.entries().iter().find(|entry| entry.error_code().is_some()) {
        None if answer.failed_entry_count() == 0 => Ok(()),
        refused => {
            let code = refused.and_then(PutEventsResultEntry::error_code).unwrap_or("an entry was not taken");
            let message = refused.and_then(PutEventsResultEntry::error_message).unwrap_or_default();
            Err(CallFailure::Unknown { operation: OPERATION, cause: format!("{code}: {message}") })
        }
    }
}
