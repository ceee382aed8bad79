//! The schemas of a document, by name.

use schemars::JsonSchema;
use schemars::generate::{SchemaGenerator, SchemaSettings};
use serde_json::{Map, Value};

/// Collects the types that operations speak of.
pub(crate) struct Schemas {
    /// What others write: a field that may be absent is not required.
    read: SchemaGenerator,
    /// What we write: a field that is always there is required, even if it is null.
    written: SchemaGenerator,
    /// Answers that several operations share.
    answers: Map<String, Value>,
}

impl Schemas {
    /// None yet.
    pub(crate) fn new() -> Self {
        let settings = SchemaSettings::draft2020_12().with(|settings| {
            settings.definitions_path = "/components/schemas".into();
            settings.meta_schema = None;
        });
        Self {
            read: settings.clone().for_deserialize().into_generator(),
            written: settings.for_serialize().into_generator(),
            answers: Map::new(),
        }
    }

    /// A reference to a type that clients or vendors write.
    pub(crate) fn read<T: JsonSchema>(&mut self) -> Value {
        self.read.subschema_for::<T>().to_value()
    }

    /// A reference to a type that we serialize.
    pub(crate) fn written<T: JsonSchema>(&mut self) -> Value {
        self.written.subschema_for::<T>().to_value()
    }

    /// Tells of an answer that several operations share.
    pub(crate) fn answer(&mut self, name: &str, told: Value) {
        self.answers.insert(name.to_owned(), told);
    }

    /// Every schema and every shared answer that was spoken of, by name.
    pub(crate) fn done(mut self) -> (Map<String, Value>, Map<String, Value>) {
        let mut all = self.read.take_definitions(true);
        all.extend(self.written.take_definitions(true));
        (all, self.answers)
    }
}
