//! SDK clients of the person at the terminal.

use local_aws::local_aws::LocalAws;

/// Clients that speak to a local AWS, with credentials of nobody's function.
pub(crate) fn clients(aws: &LocalAws) -> (aws_sdk_codecommit::Client, aws_sdk_codebuild::Client) {
    let http = aws_smithy_http_client::Builder::new().build_http();
    macro_rules! client {
        ($sdk:ident) => {
            $sdk::Client::from_conf(
                $sdk::Config::builder()
                    .behavior_version($sdk::config::BehaviorVersion::latest())
                    .endpoint_url(aws.url())
                    .region($sdk::config::Region::new(aws.account.region.clone()))
                    .credentials_provider($sdk::config::Credentials::new(
                        "person", "person", None, None, "test",
                    ))
                    .http_client(http.clone())
                    .build(),
            )
        };
    }
    (client!(aws_sdk_codecommit), client!(aws_sdk_codebuild))
}
