use std::fmt;

use base64::{Engine, prelude::BASE64_STANDARD};
use ed25519_dalek::{SigningKey, VerifyingKey};
use sha2::{Digest, Sha256};

/// Signature type of plain Ed25519 over the note text (C2SP signed-note).
const ED25519: u8 = 0x01;
const SIGNATURE_PREFIX: &str = "\u{2014} ";
/// A note is a few lines; a parser that reads foreign input takes no more.
const MAX_BYTES: usize = 1 << 20;
const MAX_SIGNATURES: usize = 100;

/// A key's name or encoding that cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    #[error("a key name is not empty and has neither spaces nor a plus sign")]
    Name,
    #[error("the key is not of the form name+hash+base64")]
    Format,
    #[error("only Ed25519 keys are known")]
    Algorithm,
    #[error("the key's hash does not belong to its name and bytes")]
    Hash,
}

fn check_name(name: &str) -> Result<(), KeyError> {
    if name.is_empty() || name.contains(|c: char| c.is_whitespace() || c.is_control() || c == '+') {
        return Err(KeyError::Name);
    }
    Ok(())
}

/// First four bytes of SHA-256(name ‖ 0x0A ‖ 0x01 ‖ public key).
fn key_hash(name: &str, key: &VerifyingKey) -> u32 {
    let digest =
        Sha256::new().chain_update(name).chain_update([b'\n', ED25519]).chain_update(key.as_bytes()).finalize();
    u32::from_be_bytes([digest[0], digest[1], digest[2], digest[3]])
}

/// A named Ed25519 key that signs notes. It lives outside the database.
#[derive(Clone)]
pub struct Signer {
    name: String,
    key: SigningKey,
}

impl Signer {
    /// A key from its 32 secret bytes.
    ///
    /// # Errors
    /// [`KeyError::Name`].
    pub fn new(name: impl Into<String>, secret: &[u8; 32]) -> Result<Self, KeyError> {
        let name = name.into();
        check_name(&name)?;
        Ok(Self { name, key: SigningKey::from_bytes(secret) })
    }

    /// Reads `PRIVATE+KEY+name+hash+base64`, the customary text form.
    ///
    /// # Errors
    /// Any form but that, or a hash that does not fit.
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        let rest = text.trim().strip_prefix("PRIVATE+KEY+").ok_or(KeyError::Format)?;
        let (name, hash, secret) = split_key(rest)?;
        let signer = Self::new(name, &secret)?;
        if key_hash(&signer.name, &signer.key.verifying_key()) != hash {
            return Err(KeyError::Hash);
        }
        Ok(signer)
    }

    /// The text form read by [`Signer::parse`]. It contains the secret.
    #[must_use]
    pub fn to_secret_text(&self) -> String {
        format!("PRIVATE+KEY+{}", key_text(&self.name, &self.key.verifying_key(), self.key.as_bytes()))
    }

    /// The public side.
    #[must_use]
    pub fn verifier(&self) -> Verifier {
        Verifier { name: self.name.clone(), key: self.key.verifying_key() }
    }

    fn sign(&self, text: &str) -> Signature {
        use ed25519_dalek::Signer as _;
        let mut bytes = key_hash(&self.name, &self.key.verifying_key()).to_be_bytes().to_vec();
        bytes.extend_from_slice(&self.key.sign(text.as_bytes()).to_bytes());
        Signature { name: self.name.clone(), bytes }
    }
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signer").field("name", &self.name).finish_non_exhaustive()
    }
}

/// A named Ed25519 key that checks notes; its text form is `name+hash+base64`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verifier {
    name: String,
    key: VerifyingKey,
}

impl Verifier {
    /// Reads `name+hash+base64`.
    ///
    /// # Errors
    /// Any form but that, an unknown algorithm, or a hash that does not fit.
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        let (name, hash, bytes) = split_key(text.trim())?;
        check_name(name)?;
        let key = VerifyingKey::from_bytes(&bytes).map_err(|_| KeyError::Format)?;
        if key_hash(name, &key) != hash {
            return Err(KeyError::Hash);
        }
        Ok(Self { name: name.to_owned(), key })
    }

    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Four bytes that tell keys of one name apart.
    #[must_use]
    pub fn hash(&self) -> u32 {
        key_hash(&self.name, &self.key)
    }

    fn accepts(&self, text: &str, signature: &Signature) -> bool {
        let Some((hash, rest)) = signature.bytes.split_first_chunk::<4>() else { return false };
        let Ok(rest) = <[u8; 64]>::try_from(rest) else { return false };
        signature.name == self.name
            && u32::from_be_bytes(*hash) == self.hash()
            && self.key.verify_strict(text.as_bytes(), &ed25519_dalek::Signature::from_bytes(&rest)).is_ok()
    }
}

impl fmt::Display for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&key_text(&self.name, &self.key, self.key.as_bytes()))
    }
}

fn key_text(name: &str, public: &VerifyingKey, bytes: &[u8; 32]) -> String {
    let mut typed = vec![ED25519];
    typed.extend_from_slice(bytes);
    format!("{name}+{:08x}+{}", key_hash(name, public), BASE64_STANDARD.encode(typed))
}

fn split_key(text: &str) -> Result<(&str, u32, [u8; 32]), KeyError> {
    let mut parts = text.splitn(3, '+');
    let (Some(name), Some(hash), Some(key)) = (parts.next(), parts.next(), parts.next()) else {
        return Err(KeyError::Format);
    };
    if hash.len() != 8 || !hash.bytes().all(|b| b.is_ascii_hexdigit()) {
        return Err(KeyError::Format);
    }
    let hash = u32::from_str_radix(hash, 16).map_err(|_| KeyError::Format)?;
    let bytes = BASE64_STANDARD.decode(key).map_err(|_| KeyError::Format)?;
    let (&algorithm, key) = bytes.split_first().ok_or(KeyError::Format)?;
    if algorithm != ED25519 {
        return Err(KeyError::Algorithm);
    }
    Ok((name, hash, key.try_into().map_err(|_| KeyError::Format)?))
}

/// One signature line: a key name, and the key's hash followed by the signature bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signature {
    pub name: String,
    pub bytes: Vec<u8>,
}

/// A text with the signatures of one or several keys (C2SP signed-note).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    text: String,
    signatures: Vec<Signature>,
}

/// A note that cannot be read or trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoteError {
    #[error("the note text is not empty, ends with a line feed and has no other control characters")]
    Text,
    #[error("the note is not a text, an empty line and signature lines")]
    Format,
    #[error("the note is larger than a megabyte or has more than 100 signatures")]
    TooLarge,
    #[error("no signature of a known key is valid")]
    Unsigned,
}

impl Note {
    /// Signs a text, which must end with a line feed.
    ///
    /// # Errors
    /// [`NoteError::Text`].
    pub fn sign(text: impl Into<String>, signers: &[Signer]) -> Result<Self, NoteError> {
        let text = text.into();
        check_text(&text)?;
        let signatures = signers.iter().map(|signer| signer.sign(&text)).collect();
        Ok(Self { text, signatures })
    }

    /// Adds the signature of a further key, such as a witness's.
    pub fn add_signature(&mut self, signer: &Signer) {
        self.signatures.push(signer.sign(&self.text));
    }

    /// Reads a note without checking its signatures.
    ///
    /// # Errors
    /// Any other form or size.
    pub fn parse(input: &str) -> Result<Self, NoteError> {
        if input.len() > MAX_BYTES {
            return Err(NoteError::TooLarge);
        }
        let at = input.rfind("\n\n").ok_or(NoteError::Format)?;
        let (text, lines) = (&input[..=at], &input[at + 2..]);
        check_text(text)?;
        let lines = lines.strip_suffix('\n').ok_or(NoteError::Format)?;
        let mut signatures = Vec::new();
        for line in lines.split('\n') {
            if signatures.len() == MAX_SIGNATURES {
                return Err(NoteError::TooLarge);
            }
            let (name, bytes) =
                line.strip_prefix(SIGNATURE_PREFIX).and_then(|line| line.split_once(' ')).ok_or(NoteError::Format)?;
            check_name(name).map_err(|_| NoteError::Format)?;
            let bytes = BASE64_STANDARD.decode(bytes).map_err(|_| NoteError::Format)?;
            if bytes.len() < 5 {
                return Err(NoteError::Format);
            }
            signatures.push(Signature { name: name.to_owned(), bytes });
        }
        Ok(Self { text: text.to_owned(), signatures })
    }

    /// The signed text, including its last line feed.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    #[must_use]
    pub fn signatures(&self) -> &[Signature] {
        &self.signatures
    }

    /// The known keys whose signature is valid, each once, in the order given. Signatures of unknown keys are
    /// left aside; a wrong signature of a known key makes the whole note untrusted.
    ///
    /// # Errors
    /// [`NoteError::Unsigned`].
    pub fn verify<'k>(&self, known: &'k [Verifier]) -> Result<Vec<&'k Verifier>, NoteError> {
        let mut valid = Vec::new();
        for key in known {
            let hash = key.hash().to_be_bytes();
            let mut of_key =
                self.signatures.iter().filter(|s| s.name == key.name && s.bytes.starts_with(&hash)).peekable();
            if of_key.peek().is_some() {
                if !of_key.all(|signature| key.accepts(&self.text, signature)) {
                    return Err(NoteError::Unsigned);
                }
                if !valid.contains(&key) {
                    valid.push(key);
                }
            }
        }
        if valid.is_empty() { Err(NoteError::Unsigned) } else { Ok(valid) }
    }
}

fn check_text(text: &str) -> Result<(), NoteError> {
    let printable = text.chars().all(|c| c == '\n' || !c.is_ascii_control());
    if text.len() < 2 || !text.ends_with('\n') || !printable {
        return Err(NoteError::Text);
    }
    Ok(())
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.text)?;
        for signature in &self.signatures {
            writeln!(f, "{SIGNATURE_PREFIX}{} {}", signature.name, BASE64_STANDARD.encode(&signature.bytes))?;
        }
        Ok(())
    }
}
