//! The schemas of both descriptions: of what is asked, and of what is answered.

use schemars::{SchemaGenerator, generate::SchemaSettings};
use serde_json::{Map, Value};

/// Two generators, since a field with a default may be left out by who asks and never is by who answers.
pub(super) struct Schemas {
    /// Makes the schemas of bodies and of a client's frames.
    pub(super) asked: SchemaGenerator,
    /// Makes the schemas of answers and of the server's frames.
    pub(super) answered: SchemaGenerator,
}

impl Default for Schemas {
    fn default() -> Self {
        let settings = || {
            SchemaSettings::draft2020_12()
                .with(|settings| settings.definitions_path = "/components/schemas".into())
        };
        Self {
            asked: settings().for_deserialize().into_generator(),
            answered: settings().for_serialize().into_generator(),
        }
    }
}

impl Schemas {
    /// Returns the schemas by name. One that serves both ways must be the same; tests see to it.
    pub(super) fn into_definitions(mut self) -> Map<String, Value> {
        let mut definitions = self.asked.take_definitions(true);
        for (name, schema) in self.answered.take_definitions(true) {
            let asked = definitions.insert(name.clone(), schema);
            debug_assert!(
                asked.is_none_or(|asked| asked == definitions[&name]),
                "{name} differs between what is asked and what is answered"
            );
        }
        definitions
    }
}
