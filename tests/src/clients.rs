//! SDK clients of the person at the terminal.

/// Clients that speak to the local AWS at `url`, with credentials of nobody's function.
pub fn connect(url: &str, region: &str) -> (aws_sdk_codecommit::Client, aws_sdk_codebuild::Client) {
    let http = aws_smithy_http_client::Builder::new().build_http();
    macro_rules! client {
        ($sdk:ident) => {
            $sdk::Client::from_conf(
                $sdk::Config::builder()
                    .behavior_version($sdk::config::BehaviorVersion::latest())
                    .endpoint_url(url)
                    .region($sdk::config::Region::new(region.to_owned()))
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
