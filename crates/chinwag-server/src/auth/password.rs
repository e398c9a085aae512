//! Hashes passwords with argon2id: few at once, some waiting, the others sent away.

use argon2::{
    Algorithm, Argon2, Params, PasswordHash, PasswordHasher as _, PasswordVerifier as _, Version,
    password_hash::SaltString,
};
use base64::{Engine as _, engine::general_purpose::STANDARD_NO_PAD};
use chinwag_proto::{ErrorCode, Problem};
use rand::RngCore as _;
use tokio::sync::Semaphore;

/// OWASP's parameters for argon2id: 19 MiB, two passes, one lane.
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;
/// Shorter ones fall to the first list of guesses.
const MIN_BYTES: usize = 8;
/// Longer ones only cost work.
const MAX_BYTES: usize = 1_024;
/// A wait for a turn that is over before most clients give up.
const RETRY_AFTER_MS: u64 = 2_000;

/// Hashes and checks passwords within bounds of memory and waiting.
pub struct Passwords {
    running: Semaphore,
    /// Permits of those who run or wait.
    admitted: Semaphore,
    /// What a password is checked against where there is no user, so that it takes the same time.
    decoy: String,
}

impl Passwords {
    /// Makes it with how many are hashed at once and how many may wait.
    #[must_use]
    pub fn new(at_once: u32, waiting: u32) -> Self {
        let decoy = PasswordHash {
            algorithm: argon2::ARGON2ID_IDENT,
            version: Some(Version::V0x13.into()),
            params: params().try_into().expect("the parameters fit the format"),
            salt: None,
            hash: None,
        };
        let salt = STANDARD_NO_PAD.encode([0; 16]);
        Self {
            running: Semaphore::new(at_once as usize),
            admitted: Semaphore::new((at_once + waiting) as usize),
            // A hash that no password has: the time of the check is what counts.
            decoy: format!("{decoy}${salt}${}", STANDARD_NO_PAD.encode([0; 32])),
        }
    }

    /// Hashes a new password. Errors: `badRequest` at the pointer for its length, `overloaded`.
    pub async fn hash(&self, password: &str, pointer: &str) -> Result<String, Problem> {
        if !(MIN_BYTES..=MAX_BYTES).contains(&password.len()) {
            return Err(Problem::field(
                pointer,
                format!("a password has {MIN_BYTES} to {MAX_BYTES} bytes"),
            ));
        }
        let password = password.to_owned();
        self.run(move || {
            let mut salt = [0; 16];
            rand::rng().fill_bytes(&mut salt);
            let salt = SaltString::encode_b64(&salt).map_err(|error| error.to_string())?;
            let hash = argon2().hash_password(password.as_bytes(), &salt);
            hash.map(|hash| hash.to_string())
                .map_err(|error| error.to_string())
        })
        .await
    }

    /// Tells whether a password belongs to a hash; takes the same time where there is no hash.
    pub async fn matches(&self, password: &str, hash: Option<&str>) -> Result<bool, Problem> {
        let known = hash.is_some();
        let hash = hash.unwrap_or(&self.decoy).to_owned();
        // What is too long can't be one, and isn't worth the time that it would tell.
        let password: String = if password.len() <= MAX_BYTES {
            password.into()
        } else {
            String::new()
        };
        let matches = self
            .run(move || {
                let hash = PasswordHash::new(&hash).map_err(|error| error.to_string())?;
                Ok(argon2().verify_password(password.as_bytes(), &hash).is_ok())
            })
            .await?;
        Ok(known && matches)
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, String> + Send + 'static,
    ) -> Result<T, Problem> {
        let overloaded = || {
            let detail = "too many passwords are being checked";
            Problem::new(ErrorCode::Overloaded, detail).retry_after(RETRY_AFTER_MS)
        };
        let _admitted = self.admitted.try_acquire().map_err(|_| overloaded())?;
        let _running = self.running.acquire().await.map_err(|_| overloaded())?;
        let done = tokio::task::spawn_blocking(work)
            .await
            .map_err(|error| error.to_string());
        done.and_then(|result| result).map_err(|error| {
            tracing::error!(error, "can't hash a password");
            Problem::new(ErrorCode::Internal, "the password can't be checked")
        })
    }
}

fn params() -> Params {
    Params::new(MEMORY_KIB, PASSES, LANES, None)
        .expect("the parameters are within the algorithm's bounds")
}

fn argon2() -> Argon2<'static> {
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_password_belongs_to_its_hash_alone() {
        let passwords = Passwords::new(2, 2);
        let hash = passwords.hash("correct horse", "/password").await.unwrap();
        assert!(
            hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"),
            "{hash}"
        );
        assert!(
            passwords
                .matches("correct horse", Some(&hash))
                .await
                .unwrap()
        );
        assert!(!passwords.matches("wrong horse", Some(&hash)).await.unwrap());
        assert!(!passwords.matches("correct horse", None).await.unwrap());
        assert!(passwords.hash("short", "/password").await.is_err());
    }

    #[tokio::test]
    async fn beyond_those_who_may_wait_the_answer_is_overloaded() {
        let passwords = Passwords::new(1, 0);
        let (one, other) = tokio::join!(passwords.matches("a", None), passwords.matches("b", None));
        assert!(!one.unwrap());
        assert_eq!(other.unwrap_err().code, ErrorCode::Overloaded);
    }

    #[test]
    fn the_decoy_is_checked_with_the_same_work_as_a_real_hash() {
        let decoy = Passwords::new(1, 0).decoy;
        let hash = PasswordHash::new(&decoy).unwrap();
        assert_eq!(Params::try_from(&hash).unwrap().m_cost(), MEMORY_KIB);
        assert_eq!(Params::try_from(&hash).unwrap().t_cost(), PASSES);
    }
}
