//! A build as the API shows it.

use std::sync::Arc;

use serde_json::{Value, json};
use time::OffsetDateTime;

use super::phase::{Phase, PhaseContext, PhaseType, Status};
use super::request::BuildRequest;
use crate::account::Account;
use crate::clock::epoch_seconds;

/// A build, from its submission on.
#[derive(Debug, Clone, PartialEq)]
pub struct Build {
    /// `PROJECT:UUID`.
    pub id: String,
    /// 1 for a project's first build.
    pub number: u64,
    /// IN_PROGRESS until it is complete.
    pub status: Status,
    /// Its phases so far; the last one is the current one.
    pub phases: Vec<Phase>,
    /// The commit that is built, from DOWNLOAD_SOURCE on.
    pub resolved_source_version: Option<String>,
    /// The reports that it made so far.
    pub report_arns: Vec<String>,
    pub(super) uuid: String,
    pub(super) arn: String,
    pub(super) initiator: String,
    pub(super) start: OffsetDateTime,
    pub(super) end: Option<OffsetDateTime>,
    /// Whether there is a log stream, as there is from PROVISIONING on.
    pub(super) has_log: bool,
    pub(super) request: Arc<BuildRequest>,
}

impl Build {
    /// A build that has been submitted and waits in the queue.
    pub(super) fn submitted(
        account: &Account,
        request: Arc<BuildRequest>,
        number: u64,
        caller_arn: &str,
        now: OffsetDateTime,
    ) -> Self {
        let uuid = uuid::Uuid::new_v4().to_string();
        let id = format!("{}:{uuid}", request.project_name);
        let submitted = Phase {
            status: Some(Status::Succeeded),
            end: Some(now),
            ..Phase::begun(PhaseType::Submitted, now)
        };
        Self {
            arn: account.arn("codebuild", &format!("build/{id}")),
            id,
            uuid,
            number,
            status: Status::InProgress,
            phases: vec![submitted, Phase::begun(PhaseType::Queued, now)],
            resolved_source_version: None,
            report_arns: Vec::new(),
            initiator: initiator(caller_arn),
            start: now,
            end: None,
            has_log: false,
            request,
        }
    }

    /// Whether it has ended, in whatever way.
    pub fn is_complete(&self) -> bool {
        self.status != Status::InProgress
    }

    /// A build that has ended, in one line for a person: `build 3 of payments at 1a2b3c4: FAILED after 1.2 s`.
    pub fn summary(&self) -> String {
        let name = self.request.repository_name().unwrap_or(&self.request.project_name);
        let commit = self.resolved_source_version.as_deref().or(self.request.source_version.as_deref());
        let commit = commit.map(|commit| format!(" at {commit:.7}")).unwrap_or_default();
        let seconds = self.end.map_or(0.0, |end| (end - self.start).as_seconds_f64());
        format!("build {} of {name}{commit}: {} after {seconds:.1} s", self.number, self.status.as_str())
    }

    /// The phase it is in.
    pub fn current_phase(&self) -> PhaseType {
        self.phases.last().map_or(PhaseType::Submitted, |phase| phase.phase_type)
    }

    /// Ends the current phase.
    pub(super) fn end_phase(&mut self, status: Status, context: Option<PhaseContext>, now: OffsetDateTime) {
        if let Some(phase) = self.phases.last_mut() {
            phase.status = Some(status);
            phase.end = Some(now);
            phase.contexts.extend(context);
        }
    }

    /// Begins the next phase.
    pub(super) fn begin_phase(&mut self, phase_type: PhaseType, now: OffsetDateTime) {
        self.phases.push(Phase::begun(phase_type, now));
    }

    /// Completes the build. A stop, a time limit or a fault counts more than a failure of its own.
    pub(super) fn complete(&mut self, now: OffsetDateTime) {
        let of_phases = || self.phases.iter().filter_map(|phase| phase.status);
        self.status = of_phases()
            .find(|status| matches!(status, Status::Stopped | Status::TimedOut | Status::Fault))
            .or_else(|| of_phases().find(|status| *status == Status::Failed))
            .unwrap_or(Status::Succeeded);
        self.begin_phase(PhaseType::Completed, now);
        self.end = Some(now);
    }

    /// The build in an API answer (API reference, `Build`).
    pub(super) fn to_json(&self, account: &Account) -> Value {
        let request = &self.request;
        let mut json = json!({
            "id": self.id,
            "arn": self.arn,
            "buildNumber": self.number,
            "startTime": epoch_seconds(self.start),
            "currentPhase": self.current_phase().as_str(),
            "buildStatus": self.status.as_str(),
            "projectName": request.project_name,
            "phases": self.phases.iter().map(Phase::to_json).collect::<Vec<_>>(),
            "source": request.source_json(),
            "secondarySources": [],
            "secondarySourceVersions": [],
            "artifacts": { "location": "" },
            "secondaryArtifacts": [],
            "cache": { "type": "NO_CACHE" },
            "environment": {
                "type": request.environment.environment_type,
                "image": request.environment.image,
                "computeType": request.environment.compute_type,
                "environmentVariables": request.variables_json(),
                "privilegedMode": request.environment.privileged_mode,
                "imagePullCredentialsType": "CODEBUILD",
            },
            "serviceRole": request.role_arn,
            "reportArns": self.report_arns,
            "logs": self.logs_json(account),
            "timeoutInMinutes": request.timeout.as_secs() / 60,
            "queuedTimeoutInMinutes": request.queued_timeout.as_secs() / 60,
            "buildComplete": self.is_complete(),
            "initiator": self.initiator,
            "encryptionKey": request.encryption_key,
        });
        let optional = [
            ("endTime", self.end.map(|end| epoch_seconds(end).into())),
            ("sourceVersion", request.source_version.as_deref().map(Value::from)),
            ("resolvedSourceVersion", self.resolved_source_version.as_deref().map(Value::from)),
        ];
        for (name, value) in optional {
            if let Some(value) = value {
                json[name] = value;
            }
        }
        json
    }

    fn logs_json(&self, account: &Account) -> Value {
        let (group, stream) = match self.has_log {
            true => (self.request.log_group.as_str(), self.uuid.as_str()),
            false => ("null", "null"),
        };
        let arn = account.arn("logs", &format!("log-group:{group}:log-stream:{stream}"));
        let mut json = json!({
            "deepLink": self.log_link(account),
            "cloudWatchLogsArn": arn,
            "cloudWatchLogs": { "status": "ENABLED" },
        });
        if self.has_log {
            json["groupName"] = group.into();
            json["streamName"] = stream.into();
        }
        json
    }

    /// The link to the log in the console. Until the log stream exists it is a placeholder (captured).
    pub(super) fn log_link(&self, account: &Account) -> String {
        let page = format!("https://{}/cloudwatch/home?region={}", console_host(account), account.region);
        if !self.has_log {
            return format!("{page}#logEvent:group=null;stream=null");
        }
        // The console encodes a group's name twice and writes $ for %.
        let group = self.request.log_group.replace('/', "$252F");
        format!("{page}#logsV2:log-groups/log-group/{group}/log-events/{}", self.uuid)
    }
}

/// The host of the AWS console; a region's own has the region's name before it.
pub(super) fn console_host(account: &Account) -> &'static str {
    match account.partition.as_str() {
        "aws-cn" => "console.amazonaws.cn",
        "aws-us-gov" => "console.amazonaws-us-gov.com",
        _ => "console.aws.amazon.com",
    }
}

/// Who started a build: a user's name, or a role and its session, `ROLE/SESSION` (captured).
fn initiator(caller_arn: &str) -> String {
    let resource = caller_arn.splitn(6, ':').nth(5).unwrap_or(caller_arn);
    resource.split_once('/').map_or(resource, |(_, name)| name).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_initiator_is_a_users_name_or_a_role_with_its_session() {
        let cases = [
            ("arn:aws:iam::123456789012:user/developer", "developer"),
            (
                "arn:aws:sts::123456789012:assumed-role/start-build-role/start-build",
                "start-build-role/start-build",
            ),
        ];
        for (arn, expected) in cases {
            assert_eq!(initiator(arn), expected);
        }
    }
}
