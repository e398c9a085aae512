//! `/devices`: where pushes go.

use std::sync::Arc;

use chinwag_core::model::DeviceRow;
use chinwag_proto::{
    DeviceId, ErrorCode, Problem,
    http::{Device, DeviceKind, Devices, PutDevice},
};
use http::Method;

use super::{Api, answer::Answer, call::Call, route::Route};

/// A provider's token or a subscription is far smaller.
const MAX_ADDRESS_BYTES: usize = 4_096;
/// The longest language tag that is of any use.
const MAX_LOCALE_BYTES: usize = 35;
/// Devices of one user.
const MAX_DEVICES: usize = 50;

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::new(
            Method::POST,
            "/v1/devices",
            "putDevice",
            "Registers a device for pushes, or renews it.",
        )
        .body::<PutDevice>()
        .answers::<Device>(201)
        .run(put),
        Route::new(
            Method::GET,
            "/v1/devices",
            "listDevices",
            "Reads the caller's devices.",
        )
        .answers::<Devices>(200)
        .run(list),
        Route::new(
            Method::DELETE,
            "/v1/devices/{id}",
            "deleteDevice",
            "Takes a device off pushes.",
        )
        .run(delete),
    ]
}

async fn put(api: Arc<Api>, call: Call) -> Result<Answer, Problem> {
    let user = call.caller()?.user;
    let request: PutDevice = call.body()?;
    let address = address(&request)?;
    if request.kind == DeviceKind::Webpush {
        api.senders.subscription(&address).map_err(|error| {
            Problem::field(&format!("/subscription{}", error.pointer), error.detail)
        })?;
    }
    if request
        .locale
        .as_ref()
        .is_some_and(|locale| !is_locale(locale))
    {
        return Err(Problem::field(
            "/locale",
            "expected a language tag such as \"de-AT\"",
        ));
    }
    let known = api.accounts.devices(&user).await?;
    if known.len() >= MAX_DEVICES && !known.iter().any(|row| row.device == request.device_id) {
        let detail = format!("a user has at most {MAX_DEVICES} devices");
        return Err(Problem::new(ErrorCode::Conflict, detail));
    }
    let row = DeviceRow {
        user,
        device: request.device_id,
        kind: request.kind,
        address,
        locale: request.locale,
        updated_at: api.clock.now(),
    };
    if api.senders.get(row.kind).is_some() {
        api.owner.feed_devices();
    }
    api.accounts.put_device(row.clone()).await?;
    api.device_changes.changed();
    Answer::created(&shape(row))
}

/// Takes the one of token and subscription that belongs to the kind.
fn address(request: &PutDevice) -> Result<String, Problem> {
    let (address, pointer) = match (request.kind, &request.token, &request.subscription) {
        (DeviceKind::Fcm | DeviceKind::Apns, Some(token), None) => (token.clone(), "/token"),
        (DeviceKind::Webpush, None, Some(subscription)) => (
            serde_json::to_string(subscription)
                .map_err(|error| Problem::field("/subscription", error.to_string()))?,
            "/subscription",
        ),
        (DeviceKind::Webpush, ..) => {
            return Err(Problem::field(
                "/subscription",
                "webpush needs a subscription and no token",
            ));
        }
        _ => {
            return Err(Problem::field(
                "/token",
                "fcm and apns need a token and no subscription",
            ));
        }
    };
    if address.is_empty() || address.len() > MAX_ADDRESS_BYTES {
        return Err(Problem::field(
            pointer,
            format!("has 1 to {MAX_ADDRESS_BYTES} bytes"),
        ));
    }
    Ok(address)
}

fn is_locale(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    !text.is_empty() && text.len() <= MAX_LOCALE_BYTES && text.bytes().all(allowed)
}

async fn list(api: Arc<Api>, call: Call) -> Result<Answer, Problem> {
    let rows = api.accounts.devices(&call.caller()?.user).await?;
    let devices = rows.into_iter().map(shape).collect();
    Answer::ok(&Devices { devices })
}

async fn delete(api: Arc<Api>, call: Call) -> Result<Answer, Problem> {
    let user = call.caller()?.user;
    let device: DeviceId = call.part("id")?;
    let removed = api.accounts.remove_device(&user, &device).await?;
    if !removed {
        return Err(Problem::new(
            ErrorCode::NotFound,
            "there is no such device of yours",
        ));
    }
    Ok(Answer::none())
}

fn shape(row: DeviceRow) -> Device {
    Device {
        device_id: row.device,
        kind: row.kind,
        locale: row.locale,
        updated_at: row.updated_at,
    }
}
