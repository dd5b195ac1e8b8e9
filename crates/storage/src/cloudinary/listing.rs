//! Lists what is stored at Cloudinary. The service promises no order and goes on only by cursors that age, so the
//! keys are asked for in 64 groups (four folders, sixteen first digits of the checksum), and each group is sorted
//! here. A sweep of everything costs at least 64 calls of the few hundred per hour that small plans allow.

use dk_app::ports::StoredEntry;
use serde::Deserialize;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::calls::{Account, Refusal};
use crate::key::{Key, MEDIA, THUMBNAILS};

/// Most resources that one answer holds.
const PAGE: &str = "500";

/// One answer.
#[derive(Deserialize)]
struct Page {
    resources: Vec<Resource>,
    next_cursor: Option<String>,
}

#[derive(Deserialize)]
struct Resource {
    public_id: String,
    created_at: String,
}

/// The first keys after `after` that were stored before `before`.
pub(super) async fn list(
    account: &Account,
    before: OffsetDateTime,
    after: &str,
    limit: u16,
) -> Result<Vec<StoredEntry>, Refusal> {
    let limit = usize::from(limit);
    let mut entries = Vec::new();
    for (resource_type, prefix) in groups() {
        if entries.len() >= limit {
            break;
        }
        if *prefix > *after || after.starts_with(&prefix) {
            let mut group = group(account, resource_type, &prefix).await?;
            group.retain(|entry| *entry.key > *after && entry.modified_at < before);
            group.sort_unstable_by(|a, b| a.key.cmp(&b.key));
            entries.append(&mut group);
        }
    }
    entries.truncate(limit);
    Ok(entries)
}

/// The groups in the order of their keys, with Cloudinary's name for what is in them.
fn groups() -> impl Iterator<Item = (&'static str, String)> {
    let folders = [("video", "audios"), ("image", "images"), ("image", THUMBNAILS), ("video", "videos")];
    folders.into_iter().flat_map(|(resource_type, folder)| {
        "0123456789abcdef".chars().map(move |digit| (resource_type, format!("{MEDIA}/{folder}/{digit}")))
    })
}

/// All of a group, in no order.
async fn group(account: &Account, resource_type: &str, prefix: &str) -> Result<Vec<StoredEntry>, Refusal> {
    let (mut entries, mut cursor) = (Vec::new(), None::<String>);
    loop {
        let page = account
            .insist(|| {
                let mut query = vec![("prefix", prefix), ("max_results", PAGE)];
                query.extend(cursor.as_deref().map(|cursor| ("next_cursor", cursor)));
                let call = format!("resources/{resource_type}/authenticated");
                account.answer::<Page>(account.administer(&call).query(&query))
            })
            .await?;
        for Resource { public_id, created_at } in page.resources {
            let modified_at = OffsetDateTime::parse(&created_at, &Rfc3339)
                .map_err(|_| Refusal::Strange(format!("{created_at:?} is no moment")))?;
            let media_id = Key::read(&public_id).and_then(Key::media_id);
            entries.push(StoredEntry { key: public_id, media_id, modified_at });
        }
        cursor = page.next_cursor;
        if cursor.is_none() {
            return Ok(entries);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_groups_come_in_the_order_of_their_keys() {
        let prefixes: Vec<String> = groups().map(|(_, prefix)| prefix).collect();
        assert!(prefixes.is_sorted());
        assert_eq!(prefixes.len(), 64);
    }
}
