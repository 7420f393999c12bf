//! Who connects, and the connection itself.

use std::error::Error;
use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_nats::{Client, ConnectErrorKind, ConnectOptions, Event};

/// A silent connection is dead after three of these.
const PING: Duration = Duration::from_secs(2);

/// How the servers know who connects, and how their certificate is checked. All of it is optional.
#[derive(Clone, Default)]
pub struct Login {
    /// The user's name and password.
    pub user: Option<(String, String)>,
    /// A token.
    pub token: Option<String>,
    /// A file with the seed of a key (NKEY).
    pub nkey: Option<PathBuf>,
    /// A credentials file, with a JWT and a seed.
    pub creds: Option<PathBuf>,
    /// A file with the certificates to trust, as PEM. Asks for TLS.
    pub ca: Option<PathBuf>,
    /// Files with the client's certificate and key, as PEM.
    pub identity: Option<(PathBuf, PathBuf)>,
}

impl Login {
    async fn options(&self) -> Result<ConnectOptions, String> {
        let mut options = ConnectOptions::new();
        if let Some((user, password)) = &self.user {
            options = options.user_and_password(user.clone(), password.clone());
        }
        if let Some(token) = &self.token {
            options = options.token(token.clone());
        }
        let cannot_read = |file: &PathBuf, error| format!("cannot read {}: {error}", file.display());
        if let Some(file) = &self.nkey {
            let seed = fs::read_to_string(file).map_err(|error| cannot_read(file, error))?;
            options = options.nkey(seed.trim().to_owned());
        }
        if let Some(file) = &self.creds {
            options = options.credentials_file(file).await.map_err(|error| cannot_read(file, error))?;
        }
        if let Some(file) = &self.ca {
            options = options.add_root_certificates(file.clone()).require_tls(true);
        }
        if let Some((certificate, key)) = &self.identity {
            options = options.add_client_certificate(certificate.clone(), key.clone()).require_tls(true);
        }
        Ok(options)
    }

    /// Connects to one of `servers`. Later the client connects again by itself, to any of them. The error is for a person.
    pub(crate) async fn connect(&self, servers: &[String]) -> Result<Client, String> {
        let known = AtomicBool::new(false);
        let options = self.options().await?.name("uplink").ping_interval(PING).event_callback(move |event| {
            let known = known.swap(true, Ordering::Relaxed);
            async move {
                match event {
                    Event::Connected if known => tracing::warn!("connected again"),
                    Event::Disconnected => tracing::warn!("the connection is lost: waiting for a server"),
                    Event::ServerError(error) => tracing::warn!("a server says: {error}"),
                    _ => {}
                }
            }
        });
        options.connect(servers).await.map_err(|error| {
            let servers = servers.join(", ");
            let cause = error.source().map_or_else(|| error.to_string(), ToString::to_string);
            match error.kind() {
                ConnectErrorKind::AuthorizationViolation | ConnectErrorKind::Authentication => format!(
                    "{servers} refuses the login: check --user and --password, --token, --nkey or --creds ({error})"
                ),
                // The client does not always say that it was TLS.
                kind if kind == ConnectErrorKind::Tls || cause.contains("certificate") => {
                    format!("{servers}: no secure connection: check --ca ({cause})")
                }
                ConnectErrorKind::ServerParse => {
                    format!("{servers} is no address such as nats://localhost:4222 ({cause})")
                }
                _ => format!("no server answers at {servers}: {cause}"),
            }
        })
    }
}
