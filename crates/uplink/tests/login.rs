//! Servers that ask who connects, and that only speak TLS.

#![allow(clippy::unwrap_used, reason = "a test")]

mod server;

use std::fs;
use std::path::Path;
use std::time::Duration;

use nkeys::KeyPair;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair as TlsKey};
use server::{Node, program};
use tempfile::TempDir;
use tokio::time::timeout;
use uplink::{Link, Login};

/// A node with TLS, and with this in its configuration. `None` where there is no server.
fn node(folder: &Path, accounts: &str) -> Option<Node> {
    let program = program()?;
    let mut authority = CertificateParams::new(Vec::new()).unwrap();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(authority, TlsKey::generate().unwrap()).unwrap();
    let key = TlsKey::generate().unwrap();
    let names = ["localhost".to_owned(), "127.0.0.1".to_owned()];
    let certificate = CertificateParams::new(names).unwrap().signed_by(&key, &authority).unwrap();
    let write = |name: &str, text: String| {
        let path = folder.join(name);
        fs::write(&path, text).unwrap();
        path
    };
    write("ca.pem", authority.pem());
    let certificate = write("server.pem", certificate.pem());
    let key = write("server.key", key.serialize_pem());
    let (certificate, key) = (certificate.display(), key.display());
    Node::start(&program, &format!("tls {{ cert_file: \"{certificate}\", key_file: \"{key}\" }}\n{accounts}"))
}

/// Creates a stream as this user. The text is the error.
async fn create(node: &Node, login: Login) -> Result<(bool, usize), String> {
    let run =
        async { Link::connect(std::slice::from_ref(&node.url), &login, "logs").await?.create(Some(1), None).await };
    timeout(Duration::from_secs(60), run).await.expect("the login hangs")
}

fn with_tls(folder: &Path) -> Login {
    Login { ca: Some(folder.join("ca.pem")), ..Login::default() }
}

#[tokio::test]
async fn a_user_with_the_right_password_is_let_in_over_tls() {
    let folder = TempDir::new().unwrap();
    let Some(node) = node(folder.path(), "authorization { user: web, password: secret }") else { return };
    let user = |password: &str| Some(("web".to_owned(), password.to_owned()));
    assert_eq!(create(&node, Login { user: user("secret"), ..with_tls(folder.path()) }).await, Ok((true, 1)));

    let refused = create(&node, Login { user: user("wrong"), ..with_tls(folder.path()) }).await.unwrap_err();
    assert!(refused.contains("refuses the login"), "{refused}");
    let refused = create(&node, with_tls(folder.path())).await.unwrap_err();
    assert!(refused.contains("refuses the login"), "{refused}");
    // Without its authority, the server's certificate proves nothing.
    let refused = create(&node, Login { user: user("secret"), ..Login::default() }).await.unwrap_err();
    assert!(refused.contains("no secure connection: check --ca"), "{refused}");
}

#[tokio::test]
async fn a_token_is_taken() {
    let folder = TempDir::new().unwrap();
    let Some(node) = node(folder.path(), "authorization { token: open-sesame }") else { return };
    let token = Some("open-sesame".to_owned());
    assert_eq!(create(&node, Login { token, ..with_tls(folder.path()) }).await, Ok((true, 1)));
    let token = Some("wrong".to_owned());
    create(&node, Login { token, ..with_tls(folder.path()) }).await.unwrap_err();
}

#[tokio::test]
async fn an_nkey_is_read_from_its_file() {
    let folder = TempDir::new().unwrap();
    let (user, other) = (KeyPair::new_user(), KeyPair::new_user());
    let accounts = format!("authorization {{ users: [{{ nkey: {} }}] }}", user.public_key());
    let Some(node) = node(folder.path(), &accounts) else { return };
    for (key, right) in [(&user, true), (&other, false)] {
        let file = folder.path().join("seed");
        fs::write(&file, key.seed().unwrap() + "\n").unwrap();
        let created = create(&node, Login { nkey: Some(file), ..with_tls(folder.path()) }).await;
        assert_eq!(created.is_ok(), right, "{created:?}");
    }
}

#[tokio::test]
async fn a_credentials_file_is_taken() {
    let folder = TempDir::new().unwrap();
    let (operator, account, system, user) =
        (KeyPair::new_operator(), KeyPair::new_account(), KeyPair::new_account(), KeyPair::new_user());
    let unlimited = r#""subs":-1,"data":-1,"payload":-1"#;
    let limits = format!(
        r#"{{{unlimited},"imports":-1,"exports":-1,"wildcards":true,"conn":-1,"leaf":-1,"mem_storage":-1,"disk_storage":-1,"streams":-1,"consumer":-1}}"#
    );
    let signed = token(&operator, &operator, r#"{"type":"operator","version":2}"#);
    let account_claims = format!(r#"{{"limits":{limits},"type":"account","version":2}}"#);
    let system_claims = format!(
        r#"{{"limits":{{{unlimited},"imports":-1,"exports":-1,"wildcards":true,"conn":-1,"leaf":-1}},"type":"account","version":2}}"#
    );
    let accounts = format!(
        "operator: {signed}\nsystem_account: {}\nresolver: MEMORY\nresolver_preload: {{ {}: {}\n {}: {} }}",
        system.public_key(),
        account.public_key(),
        token(&operator, &account, &account_claims),
        system.public_key(),
        token(&operator, &system, &system_claims),
    );
    let Some(node) = node(folder.path(), &accounts) else { return };

    let user_claims = format!(r#"{{{unlimited},"type":"user","version":2}}"#);
    let file = folder.path().join("creds");
    let text = format!(
        "-----BEGIN NATS USER JWT-----\n{}\n------END NATS USER JWT------\n\n-----BEGIN USER NKEY SEED-----\n{}\n------END USER NKEY SEED------\n",
        token(&account, &user, &user_claims),
        user.seed().unwrap()
    );
    fs::write(&file, text).unwrap();
    assert_eq!(create(&node, Login { creds: Some(file), ..with_tls(folder.path()) }).await, Ok((true, 1)));
    let refused = create(&node, with_tls(folder.path())).await.unwrap_err();
    assert!(refused.contains("refuses the login"), "{refused}");
}

/// A token (JWT) of `issuer` about `subject`.
fn token(issuer: &KeyPair, subject: &KeyPair, claims: &str) -> String {
    let encode = |bytes: &[u8]| data_encoding::BASE64URL_NOPAD.encode(bytes);
    let header = encode(br#"{"typ":"JWT","alg":"ed25519-nkey"}"#);
    let (issuer_key, subject) = (issuer.public_key(), subject.public_key());
    let body = format!(
        r#"{{"jti":"1","iat":1700000000,"iss":"{issuer_key}","name":"test","sub":"{subject}","nats":{claims}}}"#
    );
    let signed = format!("{header}.{}", encode(body.as_bytes()));
    let signature = issuer.sign(signed.as_bytes()).unwrap();
    format!("{signed}.{}", encode(&signature))
}

#[tokio::test]
async fn a_file_that_is_missing_is_named() {
    let login = Login { creds: Some("/no/such.creds".into()), ..Login::default() };
    let error = Link::connect(&["nats://localhost:1".to_owned()], &login, "logs").await.unwrap_err();
    assert!(error.starts_with("cannot read /no/such.creds: "), "{error}");
}

#[tokio::test]
async fn a_server_that_is_not_there_is_named() {
    let error = Link::connect(&["nats://127.0.0.1:1".to_owned()], &Login::default(), "logs").await.unwrap_err();
    assert!(error.starts_with("no server answers at nats://127.0.0.1:1: "), "{error}");
}
