//! Consumable resources.

use serde_json::json;
use windtunnel::ids::ConsumableResourceId;
use windtunnel::scheduler::{ConsumableSpec, Event};

use crate::{Account, account, done, events, is, ok, read};

fn licensed() -> Account {
    let mut batch = account();
    ok(batch.create_consumable_resource(&read(json!({ "consumableResourceName": "license", "totalQuantity": 5 }))));
    batch
}

fn set(total: u64, replenishable: bool) -> Event {
    Event::ConsumableResourceSet { resource: ConsumableResourceId(0), spec: ConsumableSpec { total, replenishable } }
}

#[test]
fn a_created_resource_is_told_to_the_core() {
    let document =
        json!({ "consumableResourceName": "token", "totalQuantity": 3, "resourceType": "NON_REPLENISHABLE" });
    let outcome = done(account().create_consumable_resource(&read(document)));
    assert_eq!(
        outcome.response.consumable_resource_arn,
        "arn:aws:batch:us-east-1:123456789012:consumable-resource/token"
    );
    assert_eq!(outcome.events, [set(3, false)]);
}

// `API:UpdateConsumableResourceRequest`: SET, ADD, REMOVE.
#[test]
fn a_total_is_set_raised_and_lowered() {
    let mut batch = licensed();
    let mut update = |operation: &str, quantity: u64| {
        let request = json!({ "consumableResource": "license", "operation": operation, "quantity": quantity });
        let outcome = done(batch.update_consumable_resource(&read(request)));
        (outcome.response.total_quantity, outcome.events)
    };
    assert_eq!(update("ADD", 3), (8, vec![set(8, true)]));
    assert_eq!(update("REMOVE", 20), (0, vec![set(0, true)]), "not below 0");
    assert_eq!(update("SET", 2), (2, vec![set(2, true)]));
    assert_eq!(update("SET", 2), (2, vec![]), "nothing changed, nothing is told");
}

#[test]
fn names_are_unique_and_known() {
    let mut batch = licensed();
    is(
        batch.create_consumable_resource(&read(json!({ "consumableResourceName": "license" }))),
        "/consumableResourceName",
        "Object already exists: two consumable resources are called `license`",
    );
    is(
        batch.update_consumable_resource(&read(
            json!({ "consumableResource": "licence", "operation": "SET", "quantity": 1 }),
        )),
        "/consumableResource",
        "no consumable resource is called `licence`",
    );
    is(
        batch.update_consumable_resource(&read(json!({ "consumableResource": "license", "quantity": 1 }))),
        "",
        "`quantity` has no `operation`",
    );
}

#[test]
fn nothing_is_left_of_a_deleted_resource() {
    let mut batch = licensed();
    let delete = read(json!({ "consumableResource": "license" }));
    assert_eq!(events(batch.delete_consumable_resource(&delete)), [set(0, true)]);
    assert!(batch.describe_consumable_resource("license").is_err());
}
