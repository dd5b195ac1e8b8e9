//! Traces for an OpenTelemetry collector: the spans of the logs, sent over OTLP/HTTP to
//! `OTEL_EXPORTER_OTLP_ENDPOINT`. Nothing is sent where that is not set. `scripts/check-traces` looks whether they arrive.

use opentelemetry::trace::TracerProvider as _;
use opentelemetry_otlp::SpanExporter;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{SdkTracerProvider, Tracer};
use tracing_opentelemetry::OpenTelemetryLayer;
use tracing_subscriber::registry::LookupSpan;

use crate::style;

const ENDPOINT: &str = "OTEL_EXPORTER_OTLP_ENDPOINT";

/// Where traces go. Dropping it sends those that have not been sent yet, or gives up after some seconds.
pub(crate) struct Traces(SdkTracerProvider);

impl Traces {
    /// Begins, where there is a collector.
    pub(crate) fn begin() -> Option<Self> {
        std::env::var_os(ENDPOINT)?;
        let exporter = match SpanExporter::builder().with_http().build() {
            Ok(exporter) => exporter,
            Err(error) => {
                style::complain(&format!("warning: no traces are sent: {error}\nhint: see {ENDPOINT}"));
                return None;
            }
        };
        let provider = SdkTracerProvider::builder()
            .with_batch_exporter(exporter)
            .with_resource(Resource::builder().with_service_name("drishtiksha").build())
            .build();
        Some(Self(provider))
    }

    /// The layer of the log that makes them.
    pub(crate) fn layer<S>(&self) -> OpenTelemetryLayer<S, Tracer>
    where
        S: tracing::Subscriber + for<'span> LookupSpan<'span>,
    {
        tracing_opentelemetry::layer().with_tracer(self.0.tracer("drishtiksha"))
    }
}

impl Drop for Traces {
    fn drop(&mut self) {
        if let Err(error) = self.0.shutdown() {
            style::complain(&format!("warning: the last traces were not sent: {error}"));
        }
    }
}
