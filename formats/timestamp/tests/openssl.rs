//! Against a second implementation: `openssl ts` is the authority, and `openssl cms` signs what it would refuse to.

use std::{fs, path::PathBuf, process::Command};

use tempfile::TempDir;
use timestamp::{Anchors, Expected, Fault, Request, Stamp, verify};

const IMPRINT: [u8; 32] = [0x5a; 32];
const NONCE: u64 = 0x8123_4567_89ab_cdef;

const CONFIG: &str = "
[req]
distinguished_name = name
prompt = no
[name]
CN = unused
[ca]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign,cRLSign
[short]
basicConstraints = critical,CA:TRUE,pathlen:0
keyUsage = critical,keyCertSign
[stamps]
basicConstraints = CA:FALSE
keyUsage = critical,digitalSignature
extendedKeyUsage = critical,timeStamping
[also-mail]
extendedKeyUsage = critical,timeStamping,emailProtection
[not-critical]
extendedKeyUsage = timeStamping
[servers]
extendedKeyUsage = critical,serverAuth
[plain]
basicConstraints = CA:FALSE
[names-only]
basicConstraints = critical,CA:TRUE
nameConstraints = critical,permitted;DNS:example.org
[strange-stamps]
extendedKeyUsage = critical,timeStamping
nameConstraints = critical,permitted;DNS:example.org
[tsa]
serial = $ENV::STAMP_FOLDER/serial
default_policy = 1.3.6.1.4.1.99999.1
other_policies = 1.3.6.1.4.1.99999.2
digests = sha256
signer_digest = $ENV::STAMP_HASH
ess_cert_id_alg = $ENV::STAMP_ESS
ess_cert_id_chain = no
accuracy = secs:1
ordering = no
tsa_name = yes
";

#[derive(Clone, Copy)]
enum Key {
    Rsa,
    P256,
    P384,
}

struct Authority {
    folder: TempDir,
    hash: &'static str,
    ess: &'static str,
}

impl Authority {
    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn openssl(&self, arguments: &[&str]) {
        let done = Command::new("openssl")
            .args(arguments)
            .current_dir(self.folder.path())
            .env("STAMP_FOLDER", self.folder.path())
            .env("STAMP_HASH", self.hash)
            .env("STAMP_ESS", self.ess)
            .output()
            .unwrap();
        assert!(done.status.success(), "openssl {arguments:?}: {}", String::from_utf8_lossy(&done.stderr));
    }

    /// A root and the certificate of an authority that it has issued.
    fn new(key: Key) -> Self {
        let new = Self { folder: tempfile::tempdir().unwrap(), hash: "sha256", ess: "sha256" };
        fs::write(new.path("c.cnf"), CONFIG).unwrap();
        fs::write(new.path("serial"), "01\n").unwrap();
        new.root("ca", key, "ca");
        new.certificate("tsa", key, "ca", "stamps", "365");
        new
    }

    fn key(&self, name: &str, key: Key) {
        let file = format!("{name}.key");
        let kind = match key {
            Key::Rsa => ["RSA", "rsa_keygen_bits:2048"],
            Key::P256 => ["EC", "ec_paramgen_curve:P-256"],
            Key::P384 => ["EC", "ec_paramgen_curve:P-384"],
        };
        self.openssl(&["genpkey", "-algorithm", kind[0], "-pkeyopt", kind[1], "-out", &file]);
    }

    fn root(&self, name: &str, key: Key, extensions: &str) {
        self.key(name, key);
        let [file, pem, subject] = [format!("{name}.key"), format!("{name}.pem"), format!("/CN=Muster-Wurzel {name}")];
        self.openssl(&[
            "req",
            "-x509",
            "-new",
            "-config",
            "c.cnf",
            "-extensions",
            extensions,
            "-key",
            &file,
            "-subj",
            &subject,
            "-days",
            "3650",
            "-out",
            &pem,
        ]);
    }

    fn certificate(&self, name: &str, key: Key, issuer: &str, extensions: &str, days: &str) {
        self.key(name, key);
        let [file, csr, pem] = ["key", "csr", "pem"].map(|end| format!("{name}.{end}"));
        let [by, by_key] = ["pem", "key"].map(|end| format!("{issuer}.{end}"));
        let subject = format!("/O=Musterdienste/CN=Zeitstempelstelle {name}");
        self.openssl(&["req", "-new", "-config", "c.cnf", "-key", &file, "-subj", &subject, "-out", &csr]);
        self.openssl(&[
            "x509",
            "-req",
            "-in",
            &csr,
            "-CA",
            &by,
            "-CAkey",
            &by_key,
            "-CAcreateserial",
            "-days",
            days,
            "-extfile",
            "c.cnf",
            "-extensions",
            extensions,
            "-out",
            &pem,
        ]);
    }

    fn anchors(&self, name: &str) -> Anchors {
        Anchors::from_pem(&fs::read_to_string(self.path(&format!("{name}.pem"))).unwrap()).unwrap()
    }

    fn answer_to(&self, request: &Request, signer: &str, more: &[&str]) -> Vec<u8> {
        fs::write(self.path("q.tsq"), request.to_der().unwrap()).unwrap();
        let [pem, key] = ["pem", "key"].map(|end| format!("{signer}.{end}"));
        let mut arguments = vec![
            "ts",
            "-reply",
            "-config",
            "c.cnf",
            "-section",
            "tsa",
            "-queryfile",
            "q.tsq",
            "-signer",
            &pem,
            "-inkey",
            &key,
            "-out",
            "r.tsr",
        ];
        arguments.extend(more);
        self.openssl(&arguments);
        fs::read(self.path("r.tsr")).unwrap()
    }

    /// The content of a good stamp, signed anew by `openssl cms` with this certificate, which `openssl ts` refuses to use.
    fn signed_by(&self, signer: &str, more: &[&str]) -> Vec<u8> {
        self.answer_to(&request(), "tsa", &[]);
        self.openssl(&["ts", "-reply", "-in", "r.tsr", "-token_out", "-out", "r.token"]);
        self.openssl(&["cms", "-verify", "-inform", "DER", "-in", "r.token", "-noverify", "-binary", "-out", "r.info"]);
        let pem = format!("{signer}.pem");
        let key = format!("{signer}.key");
        let mut arguments = vec![
            "cms",
            "-sign",
            "-binary",
            "-nodetach",
            "-nosmimecap",
            "-md",
            "sha256",
            "-econtent_type",
            "1.2.840.113549.1.9.16.1.4",
            "-in",
            "r.info",
            "-signer",
            &pem,
            "-inkey",
            &key,
            "-outform",
            "DER",
            "-out",
            "r.cms",
        ];
        arguments.extend(more);
        self.openssl(&arguments);
        let token = fs::read(self.path("r.cms")).unwrap();
        let length = u16::try_from(token.len() + 5).unwrap().to_be_bytes();
        assert!(length[0] > 0);
        [&[0x30, 0x82, length[0], length[1], 0x30, 0x03, 0x02, 0x01, 0x00][..], &token].concat()
    }
}

fn request() -> Request {
    Request { imprint: IMPRINT, nonce: NONCE, policy: None }
}

fn expected() -> Expected {
    Expected { imprint: IMPRINT, nonce: Some(NONCE), policy: None }
}

fn checked(authority: &Authority, answer: &[u8]) -> Result<Stamp, Fault> {
    verify(answer, &expected(), &authority.anchors("ca"))
}

/// Says aloud that nothing was tested when there is no second implementation.
fn no_openssl() -> bool {
    let missing = !Command::new("openssl").arg("version").output().is_ok_and(|done| done.status.success());
    if missing {
        println!("skipped: openssl is not installed");
    }
    missing
}

#[test]
fn stamps_of_openssl_hold_for_each_kind_of_key_and_hash() {
    if no_openssl() {
        return;
    }
    for (key, hash, ess) in [
        (Key::Rsa, "sha256", "sha256"),
        (Key::Rsa, "sha512", "sha1"),
        (Key::Rsa, "sha384", "sha384"),
        (Key::P256, "sha256", "sha256"),
        (Key::P384, "sha384", "sha512"),
    ] {
        let mut authority = Authority::new(key);
        (authority.hash, authority.ess) = (hash, ess);
        let before = jiff::Timestamp::now();
        let stamp = checked(&authority, &authority.answer_to(&request(), "tsa", &[])).unwrap();
        assert_eq!((stamp.authority.as_str(), stamp.serial.as_str()), ("Zeitstempelstelle tsa", "02"));
        assert_eq!(stamp.policy, "1.3.6.1.4.1.99999.1");
        assert!(stamp.at.duration_since(before).as_secs().abs() < 60, "{stamp:?}");
        // Also what openssl itself says of our question and its answer.
        authority.openssl(&["ts", "-verify", "-queryfile", "q.tsq", "-in", "r.tsr", "-CAfile", "ca.pem"]);
    }
}

#[test]
fn a_policy_is_asked_for_and_compared() {
    if no_openssl() {
        return;
    }
    let authority = Authority::new(Key::P256);
    let anchors = authority.anchors("ca");
    let other = Some("1.3.6.1.4.1.99999.2".to_owned());
    let answer = authority.answer_to(&Request { policy: other.clone(), ..request() }, "tsa", &[]);
    assert_eq!(
        verify(&answer, &Expected { policy: other, ..expected() }, &anchors).unwrap().policy,
        "1.3.6.1.4.1.99999.2"
    );
    let first = Some("1.3.6.1.4.1.99999.1".to_owned());
    assert_eq!(verify(&answer, &Expected { policy: first, ..expected() }, &anchors), Err(Fault::OtherPolicy));

    // A policy that the authority does not have: refused in good order, with its words.
    let unknown = Request { policy: Some("1.3.6.1.4.1.99999.9".into()), ..request() };
    let refused = verify(&authority.answer_to(&unknown, "tsa", &[]), &expected(), &anchors);
    assert!(matches!(&refused, Err(Fault::Refused { status: 2, text }) if !text.is_empty()), "{refused:?}");
    assert!(Request { policy: Some("one.two".into()), ..request() }.to_der().is_err());
}

#[test]
fn another_imprint_or_nonce_is_seen() {
    if no_openssl() {
        return;
    }
    let authority = Authority::new(Key::P256);
    let answer = authority.answer_to(&request(), "tsa", &[]);
    let anchors = authority.anchors("ca");
    let other = |expected| verify(&answer, &expected, &anchors).unwrap_err();
    assert_eq!(other(Expected { imprint: [1; 32], ..expected() }), Fault::OtherImprint);
    assert_eq!(other(Expected { nonce: Some(7), ..expected() }), Fault::OtherNonce);
    assert!(verify(&answer, &Expected { nonce: None, ..expected() }, &anchors).is_ok(), "checked again years later");
}

#[test]
fn only_who_is_trusted_counts() {
    if no_openssl() {
        return;
    }
    let authority = Authority::new(Key::P256);
    // Another root of the same name signs with another key; a root that nobody issued from.
    let foreign = Authority::new(Key::P256);
    let answer = foreign.answer_to(&request(), "tsa", &[]);
    assert_eq!(checked(&authority, &answer), Err(Fault::NotTrusted));
    authority.root("second", Key::P384, "ca");
    let answer = authority.answer_to(&request(), "tsa", &[]);
    assert_eq!(verify(&answer, &expected(), &authority.anchors("second")), Err(Fault::NotTrusted));
    // Several anchors: one that fits is enough.
    let both = ["second.pem", "ca.pem"].map(|name| fs::read_to_string(authority.path(name)).unwrap()).concat();
    assert!(verify(&answer, &expected(), &Anchors::from_pem(&both).unwrap()).is_ok());
    // The certificate of the authority itself issues nothing.
    let own = fs::read_to_string(authority.path("tsa.pem")).unwrap();
    assert_eq!(Anchors::from_pem(&own).unwrap_err(), Fault::AnchorNoAuthority);
    for nothing in ["", "-----BEGIN CERTIFICATE-----", "-----BEGIN CERTIFICATE-----\nä\n-----END CERTIFICATE-----"] {
        assert_eq!(Anchors::from_pem(nothing).unwrap_err(), Fault::Anchors);
    }
}

#[test]
fn a_way_of_two_steps_holds_if_everybody_on_it_may_issue() {
    if no_openssl() {
        return;
    }
    let authority = Authority::new(Key::P256);
    for (between, extensions) in [("between", "ca"), ("no-issuer", "plain"), ("old", "ca")] {
        let days = if between == "old" { "-1" } else { "365" };
        authority.certificate(between, Key::Rsa, "ca", extensions, days);
        authority.certificate("leaf", Key::Rsa, between, "stamps", "365");
        let chain = format!("{between}.pem");
        let answer = authority.answer_to(&request(), "leaf", &["-chain", &chain]);
        let expected = match between {
            "between" => Ok("Zeitstempelstelle leaf".to_owned()),
            "old" => Err(Fault::NotValid),
            _ => Err(Fault::NotTrusted),
        };
        assert_eq!(checked(&authority, &answer).map(|stamp| stamp.authority), expected, "{between}");
    }
    // A root that allows no authority below it.
    authority.root("short", Key::P256, "short");
    authority.certificate("below", Key::P256, "short", "ca", "365");
    authority.certificate("leaf", Key::P256, "below", "stamps", "365");
    let answer = authority.answer_to(&request(), "leaf", &["-chain", "below.pem"]);
    assert_eq!(verify(&answer, &expected(), &authority.anchors("short")), Err(Fault::NotTrusted));
    authority.certificate("leaf", Key::P256, "short", "stamps", "365");
    let answer = authority.answer_to(&request(), "leaf", &[]);
    assert!(verify(&answer, &expected(), &authority.anchors("short")).is_ok());
}

#[test]
fn a_certificate_that_is_not_understood_matters_only_on_the_way() {
    if no_openssl() {
        return;
    }
    let authority = Authority::new(Key::P256);
    authority.certificate("extra", Key::P256, "ca", "names-only", "365");
    let answer = authority.answer_to(&request(), "tsa", &["-chain", "extra.pem"]);
    let without = authority.answer_to(&request(), "tsa", &[]);
    assert!(answer.len() > without.len() + 200, "it was brought along");
    assert!(checked(&authority, &answer).is_ok());
    // The one that issued the authority's certificate is needed, and is not understood.
    authority.certificate("leaf", Key::P256, "extra", "stamps", "365");
    let answer = authority.answer_to(&request(), "leaf", &["-chain", "extra.pem"]);
    assert_eq!(checked(&authority, &answer), Err(Fault::NotTrusted));
    // So is the authority's own.
    authority.certificate("strange", Key::P256, "ca", "strange-stamps", "365");
    let answer = authority.signed_by("strange", &["-cades"]);
    assert_eq!(checked(&authority, &answer), Err(Fault::Unsupported("extensions")));
}

#[test]
fn certificates_for_something_else_and_expired_ones_are_refused() {
    if no_openssl() {
        return;
    }
    let authority = Authority::new(Key::P256);
    assert!(checked(&authority, &authority.signed_by("tsa", &["-cades"])).is_ok(), "the way of making it is right");
    for wrong in ["servers", "also-mail", "not-critical", "plain"] {
        authority.certificate(wrong, Key::P256, "ca", wrong, "365");
        assert_eq!(checked(&authority, &authority.signed_by(wrong, &["-cades"])), Err(Fault::Purpose), "{wrong}");
    }
    authority.certificate("expired", Key::P256, "ca", "stamps", "-1");
    assert_eq!(checked(&authority, &authority.signed_by("expired", &["-cades"])), Err(Fault::NotValid));
    // Without the certificate's hash among the signed attributes, without attributes at all, without the certificate.
    let unnamed = checked(&authority, &authority.signed_by("tsa", &[]));
    assert_eq!(unnamed, Err(Fault::Attribute("signingCertificate")));
    assert_eq!(checked(&authority, &authority.signed_by("tsa", &["-noattr"])), Err(Fault::Format("signedAttrs")));
    assert_eq!(checked(&authority, &authority.signed_by("tsa", &["-cades", "-nocerts"])), Err(Fault::NoSigner));
    // Two signers: whose time would it be?
    let two = authority.signed_by("tsa", &["-cades", "-signer", "plain.pem", "-inkey", "plain.key"]);
    assert_eq!(checked(&authority, &two), Err(Fault::Format("signerInfos")));
}

#[test]
fn no_changed_byte_and_no_cut_answer_holds() {
    if no_openssl() {
        return;
    }
    for key in [Key::Rsa, Key::P256] {
        let authority = Authority::new(key);
        let anchors = authority.anchors("ca");
        let answer = authority.answer_to(&request(), "tsa", &[]);
        let good = verify(&answer, &expected(), &anchors).unwrap();
        for length in 0..answer.len() {
            assert!(verify(&answer[..length], &expected(), &anchors).is_err(), "cut at {length}");
        }
        for place in 0..answer.len() {
            let mut changed = answer.clone();
            changed[place] ^= 1;
            // What is not signed says nothing of the time: versions, unused lists. What is taken stays the same.
            if let Ok(stamp) = verify(&changed, &expected(), &anchors) {
                assert_eq!(stamp, good, "byte {place}");
            }
        }
        let longer = [&answer[..], &[0]].concat();
        assert!(verify(&longer, &expected(), &anchors).is_err());
        assert_eq!(verify(&vec![0x30; timestamp::MAX_ANSWER + 1], &expected(), &anchors), Err(Fault::TooLarge(65_537)));
    }
}

#[test]
fn faults_name_the_field_in_german() {
    assert_eq!(Fault::Format("genTime").to_string().split(':').next(), Some("Feld genTime"));
    let refused = Fault::Refused { status: 2, text: "busy".into() };
    assert_eq!(refused.to_string(), "Feld status: Die Zeitstempelstelle hat abgelehnt (Status 2: busy).");
}
