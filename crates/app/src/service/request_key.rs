//! The digest of a request that may come twice, by which it is told from another one of the same name.

use dk_domain::{ModelName, Sha256, Urgency};
use sha2::{Digest as _, Sha256 as Hasher};

use crate::ports::IdempotencyKey;

/// What a request asks for.
pub(super) struct Asked<'a> {
    /// Of the file that came with it.
    pub file: Option<&'a Sha256>,
    pub description: Option<&'a str>,
    pub models: &'a [ModelName],
    pub urgency: Urgency,
}

impl Asked<'_> {
    /// The name with the digest.
    pub(super) fn under(&self, name: String) -> IdempotencyKey {
        IdempotencyKey { name, digest: self.digest() }
    }

    /// Models in whatever order ask for the same. Each part has its length before it, so that none runs into the next.
    fn digest(&self) -> Sha256 {
        let mut models: Vec<&str> = self.models.iter().map(ModelName::as_str).collect();
        models.sort_unstable();
        let file = self.file.map(ToString::to_string).unwrap_or_default();
        let urgency = self.urgency.to_string();
        let described = if self.description.is_some() { "described" } else { "" };
        let mut hasher = Hasher::new();
        for part in
            [&*file, described, self.description.unwrap_or_default(), &*urgency].into_iter().chain(models)
        {
            hasher.update((part.len() as u64).to_be_bytes());
            hasher.update(part);
        }
        let digest: [u8; 32] = hasher.finalize().into();
        digest.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digest(file: u8, description: Option<&str>, models: &[&str], urgency: Urgency) -> Sha256 {
        let models: Vec<ModelName> = models.iter().map(|name| name.parse().unwrap()).collect();
        let file = [file; 32].into();
        Asked { file: Some(&file), description, models: &models, urgency }.digest()
    }

    #[test]
    fn another_wish_is_another_request_and_another_order_is_not() {
        let one = digest(1, Some("a"), &["aasist", "clip-probe"], Urgency::Interactive);
        assert_eq!(one, digest(1, Some("a"), &["clip-probe", "aasist"], Urgency::Interactive));
        for other in [
            digest(2, Some("a"), &["aasist", "clip-probe"], Urgency::Interactive),
            digest(1, Some("b"), &["aasist", "clip-probe"], Urgency::Interactive),
            digest(1, None, &["aasist", "clip-probe"], Urgency::Interactive),
            digest(1, Some("a"), &["aasist"], Urgency::Interactive),
            digest(1, Some("a"), &["aasist", "clip-probe"], Urgency::Batch),
        ] {
            assert_ne!(one, other);
        }
        assert_ne!(digest(1, None, &[], Urgency::Batch), digest(1, Some(""), &[], Urgency::Batch));
    }
}
