//! Open sessions.

use dk_app::ports::Session;
use dk_domain::SessionId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::words;

/// Where somebody is signed in.
#[derive(Debug, Clone, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Session)]
pub struct SessionBody {
    /// Id.
    #[schema(schema_with = words::id)]
    pub id: String,
    /// When it began.
    #[schema(schema_with = words::date_time)]
    pub created_at: String,
    /// When it last asked for an access token.
    #[schema(schema_with = words::date_time)]
    pub last_used_at: String,
    /// When it ends unless it asks again before.
    #[schema(schema_with = words::date_time)]
    pub expires_at: String,
    /// Where it began; of an IPv6 address, its network.
    pub address: Option<String>,
    /// What the client called itself.
    pub user_agent: Option<String>,
    /// Whether it is the one that asks.
    pub is_current: bool,
}

impl SessionBody {
    pub(crate) fn new(session: &Session, current: SessionId) -> Self {
        let known = |text: &String| (!text.is_empty()).then(|| text.clone());
        Self {
            id: session.id.to_string(),
            created_at: words::moment(session.created_at),
            last_used_at: words::moment(session.last_used_at),
            expires_at: words::moment(session.expires_at),
            address: known(&session.address),
            user_agent: known(&session.user_agent),
            is_current: session.id == current,
        }
    }
}

/// The open sessions of a person.
#[derive(Debug, Clone, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SessionList {
    /// Newest first.
    pub items: Vec<SessionBody>,
}
