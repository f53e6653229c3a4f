//! The table itself, for the local stack and for tests: the same keys and TTL attribute as `infra/template.yaml`, which makes
//! the deployed one (and adds encryption and point-in-time recovery).

use aws_sdk_dynamodb::operation::create_table::CreateTableError;
use aws_sdk_dynamodb::operation::update_time_to_live::UpdateTimeToLiveError;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, KeySchemaElement, KeyType, ScalarAttributeType, TimeToLiveSpecification,
};
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

use crate::error::{StoreError, failure};
use crate::store::Store;

/// The attribute after whose instant, in seconds since 1970, DynamoDB deletes an item.
pub(crate) const TTL: &str = "ttl";

impl Store {
    /// Makes the table, if it is not there.
    ///
    /// # Errors
    /// The database did not answer, or refuses.
    pub async fn create_table(&self) -> Result<(), StoreError> {
        let attribute = |name: &str| {
            AttributeDefinition::builder().attribute_name(name).attribute_type(ScalarAttributeType::S).build()
        };
        let key = |name: &str, kind| KeySchemaElement::builder().attribute_name(name).key_type(kind).build();
        let ours = |error: aws_sdk_dynamodb::error::BuildError| StoreError::Refused {
            operation: "CreateTable",
            code: "Build".to_owned(),
            message: error.to_string(),
        };
        let made = self
            .client
            .create_table()
            .table_name(&*self.table)
            .attribute_definitions(attribute("pk").map_err(ours)?)
            .attribute_definitions(attribute("sk").map_err(ours)?)
            .key_schema(key("pk", KeyType::Hash).map_err(ours)?)
            .key_schema(key("sk", KeyType::Range).map_err(ours)?)
            .billing_mode(BillingMode::PayPerRequest)
            .send()
            .await;
        match made {
            Ok(_) => {}
            Err(error) if matches!(error.as_service_error(), Some(CreateTableError::ResourceInUseException(_))) => {}
            Err(error) => return Err(failure("CreateTable", &error)),
        }
        let ttl = TimeToLiveSpecification::builder().attribute_name(TTL).enabled(true).build().map_err(ours)?;
        match self.client.update_time_to_live().table_name(&*self.table).time_to_live_specification(ttl).send().await {
            Ok(_) => Ok(()),
            Err(error) if error.as_service_error().is_some_and(is_enabled_already) => Ok(()),
            Err(error) => Err(failure("UpdateTimeToLive", &error)),
        }
    }
}

fn is_enabled_already(error: &UpdateTimeToLiveError) -> bool {
    error.code() == Some("ValidationException")
        && error.message().is_some_and(|message| message.contains("already enabled"))
}
