//! Devices. Whose a provider's address is stands in a row of its own: a device holds only while that names it.

use chinwag_core::{model::DeviceRow, ports::EngineResult};
use chinwag_proto::{DeviceId, UserId};

use super::{append::encode, cql::each, held::decode, store::Cassandra};

impl Cassandra {
    pub(super) async fn write_device(&self, device: &DeviceRow) -> EngineResult<()> {
        let statements = &self.statements;
        let (user, id) = (device.user.as_str(), device.device.as_str());
        let values = (encode(device), user, id);
        self.put_agreed(&statements.change_device, &statements.make_device, &values)
            .await?;
        let values = (user, id, device.address.as_str());
        self.put_agreed(
            &statements.change_address,
            &statements.make_address,
            &values,
        )
        .await
    }

    pub(super) async fn delete_device(&self, user: &UserId, id: &DeviceId) -> EngineResult<bool> {
        let statements = &self.statements;
        let key = (user.as_str(), id.as_str());
        let row: Option<(Vec<u8>,)> = self.cql.row(&statements.device, key).await?;
        let Some((cell,)) = row else {
            return Ok(false);
        };
        let device: DeviceRow = decode(&cell, "device")?;
        let address = (device.address.as_str(), key.0, key.1);
        let held = self
            .cql
            .transact(&statements.remove_address, address)
            .await?;
        let was_there = self.cql.transact(&statements.remove_device, key).await?;
        Ok(held && was_there)
    }

    pub(super) async fn devices_of(&self, user: &UserId) -> EngineResult<Vec<DeviceRow>> {
        let key = (user.as_str(),);
        let cells: Vec<(Vec<u8>,)> = self.cql.rows(&self.statements.devices, key).await?;
        let devices: Vec<DeviceRow> = cells
            .iter()
            .map(|(cell,)| decode(cell, "device"))
            .collect::<EngineResult<_>>()?;
        let devices = each(devices, async |device| {
            let address = (device.address.as_str(),);
            let holder: Option<(String, String)> =
                self.cql.row(&self.statements.address, address).await?;
            let holds = holder.is_some_and(|(user, id)| {
                user == device.user.as_str() && id == device.device.as_str()
            });
            Ok(holds.then_some(device))
        });
        Ok(devices.await?.into_iter().flatten().collect())
    }

    pub(super) async fn delete_devices_of(&self, user: &UserId) -> EngineResult<()> {
        let key = (user.as_str(),);
        let cells: Vec<(Vec<u8>,)> = self.cql.rows(&self.statements.devices, key).await?;
        for (cell,) in cells {
            let device: DeviceRow = decode(&cell, "device")?;
            self.delete_device(user, &device.device).await?;
        }
        Ok(())
    }
}
