//! The AWS SDK's configuration for a person at a terminal.

use aws_config::{BehaviorVersion, SdkConfig};
use aws_smithy_http_client::Builder;
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};

use crate::error::Error;

/// Reads region, credentials and endpoint where the SDK finds them: the environment, profiles, the machine. TLS is that
/// of the functions.
pub(crate) async fn load() -> Result<SdkConfig, Error> {
    let http_client = Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring)).build_https();
    let config = aws_config::defaults(BehaviorVersion::latest()).http_client(http_client).load().await;
    if config.region().is_none() {
        return Err(Error::NoRegion);
    }
    Ok(config)
}
