//! Traces for an OpenTelemetry collector: the spans of the logs, sent over OTLP/HTTP to
//! `OTEL_EXPORTER_OTLP_ENDPOINT`. Nothing is sent where that is not set.

use opentelemetry::trace::TracerProvider as _;
use opentelemetry_otlp::SpanExporter;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{SdkTracerProvider, Tracer};
use tracing_opentelemetry::OpenTelemetryLayer;
use tracing_subscriber::registry::LookupSpan;

use crate::style;

const ENDPOINT: &str = "OTEL_EXPORTER_OTLP_ENDPOINT";

/// The layer, where there is a collector.
pub(crate) fn layer<S>() -> Option<OpenTelemetryLayer<S, Tracer>>
where
    S: tracing::Subscriber + for<'span> LookupSpan<'span>,
{
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
    Some(tracing_opentelemetry::layer().with_tracer(provider.tracer("drishtiksha")))
}
