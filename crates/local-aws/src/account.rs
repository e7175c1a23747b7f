//! The one account and region that a local AWS has.

/// Where everything lives: partition, region and account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// `aws`, `aws-cn` or `aws-us-gov`.
    pub partition: String,
    /// Such as `us-east-1`.
    pub region: String,
    /// Twelve digits.
    pub id: String,
}

impl Default for Account {
    fn default() -> Self {
        Self { partition: "aws".to_owned(), region: "us-east-1".to_owned(), id: "123456789012".to_owned() }
    }
}

impl Account {
    /// An ARN in this account and region: `arn:PARTITION:SERVICE:REGION:ACCOUNT:RESOURCE`.
    pub fn arn(&self, service: &str, resource: &str) -> String {
        format!("arn:{}:{service}:{}:{}:{resource}", self.partition, self.region, self.id)
    }

    /// An ARN of a service without regions (IAM, STS): `arn:PARTITION:SERVICE::ACCOUNT:RESOURCE`.
    pub fn global_arn(&self, service: &str, resource: &str) -> String {
        format!("arn:{}:{service}::{}:{resource}", self.partition, self.id)
    }

    /// The ARN of a log stream (service authorization reference, "CloudWatch Logs").
    pub fn log_stream_arn(&self, group: &str, stream: &str) -> String {
        self.arn("logs", &format!("log-group:{group}:log-stream:{stream}"))
    }

    /// The domain that AWS's endpoints end in (`AWS::URLSuffix`).
    pub fn url_suffix(&self) -> &'static str {
        if self.partition == "aws-cn" { "amazonaws.com.cn" } else { "amazonaws.com" }
    }

    /// The prefix of CodeCommit's HTTPS clone URLs; a repository's name follows.
    pub fn clone_url_prefix(&self) -> String {
        format!("https://git-codecommit.{}.{}/v1/repos/", self.region, self.url_suffix())
    }
}
