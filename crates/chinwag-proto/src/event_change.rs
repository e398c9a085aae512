//! How the part of an event that depends on its kind is read: each kind by the field that it can't be without.

use serde::{Deserialize, Deserializer, de};

use crate::{
    MessageId, UserId,
    shapes::{EventChange, HistoryVisible, MembershipChange, Role},
};

/// Every field of every kind. Read by trial, an event without any would pass for a change of the chat, whose fields
/// are all optional.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Fields {
    message_id: Option<MessageId>,
    key: Option<String>,
    on: Option<bool>,
    count: Option<u32>,
    change: Option<MembershipChange>,
    user_ids: Option<Vec<UserId>>,
    role: Option<Role>,
    heir: Option<UserId>,
    name: Option<String>,
    history_visible: Option<HistoryVisible>,
    deleted: Option<bool>,
}

impl<'de> Deserialize<'de> for EventChange {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let fields = Fields::deserialize(deserializer)?;
        if let Some(message_id) = fields.message_id {
            return Ok(Self::Reaction {
                message_id,
                key: needed("key", fields.key)?,
                on: needed("on", fields.on)?,
                count: needed("count", fields.count)?,
            });
        }
        if let Some(change) = fields.change {
            return Ok(Self::Membership {
                change,
                user_ids: needed("userIds", fields.user_ids)?,
                role: fields.role,
                heir: fields.heir,
            });
        }
        let (name, history_visible, deleted) =
            (fields.name, fields.history_visible, fields.deleted);
        if name.is_none() && history_visible.is_none() && deleted.is_none() {
            return Err(de::Error::custom("an event that says nothing of its kind"));
        }
        Ok(Self::Chat {
            name,
            history_visible,
            deleted,
        })
    }
}

/// Returns a field that a kind can't be without.
pub(crate) fn needed<T, E: de::Error>(name: &'static str, value: Option<T>) -> Result<T, E> {
    value.ok_or_else(|| E::missing_field(name))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::shapes::{Event, EventChange, HistoryVisible, MembershipChange, Role};

    fn event(change: &Value) -> Value {
        let mut event =
            json!({"id": "9", "userId": "ana", "timestamp": "2026-01-02T03:04:05.000Z"});
        for (key, value) in change.as_object().unwrap() {
            event[key] = value.clone();
        }
        event
    }

    #[test]
    fn the_event_of_an_edit_has_no_change_of_its_own() {
        let edit = event(&json!({}));
        let read: Event = serde_json::from_value(edit.clone()).unwrap();
        assert_eq!(read.change, None);
        assert_eq!(serde_json::to_value(read).unwrap(), edit);
    }

    #[test]
    fn every_kind_comes_back_as_it_was_written() {
        let changes = [
            EventChange::Reaction {
                message_id: crate::EventId(7),
                key: "+".into(),
                on: true,
                count: 2,
            },
            EventChange::Membership {
                change: MembershipChange::Left,
                user_ids: vec![crate::UserId::new("ben").unwrap()],
                role: Some(Role::Owner),
                heir: Some(crate::UserId::new("cem").unwrap()),
            },
            EventChange::Chat {
                name: Some("tea".into()),
                history_visible: Some(HistoryVisible::Joined),
                deleted: None,
            },
            EventChange::Chat {
                name: None,
                history_visible: None,
                deleted: Some(true),
            },
        ];
        for change in changes {
            let written = event(&serde_json::to_value(&change).unwrap());
            let read: Event = serde_json::from_value(written).unwrap();
            assert_eq!(read.change, Some(change));
        }
    }

    #[test]
    fn half_a_change_is_none() {
        for half in [
            json!({"messageId": "7", "key": "+", "on": true}),
            json!({"change": "added"}),
            json!({}),
        ] {
            assert!(serde_json::from_value::<EventChange>(half).is_err());
        }
    }
}
