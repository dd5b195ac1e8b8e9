//! The list of settings: names, defaults, and what is allowed.

/// One setting.
#[derive(Debug)]
pub(super) struct Setting {
    /// `table.name` in the configuration file.
    pub key: &'static str,
    /// Environment variable.
    pub env: &'static str,
    /// Value when nobody says otherwise.
    pub default: &'static str,
    /// For the hint of an error.
    pub allowed: &'static str,
}

/// Every setting there is, but for the data folder itself (`DRISHTIKSHA_HOME`).
pub(super) const SETTINGS: &[Setting] = &[
    Setting {
        key: "models.folders",
        env: "DRISHTIKSHA_MODELS",
        default: "",
        allowed: "a list of folders with model packages, separated as in PATH; they win over the bundled ones",
    },
    Setting {
        key: "engine.choice",
        env: "DRISHTIKSHA_ENGINE",
        default: "auto",
        allowed: "auto, ort or rten",
    },
    Setting {
        key: "engine.library",
        env: "ORT_DYLIB_PATH",
        default: "",
        allowed: "the path of an ONNX Runtime library (1.24 or newer); empty looks beside this program and in the data folder",
    },
    Setting {
        key: "engine.threads",
        env: "DRISHTIKSHA_THREADS",
        default: "auto",
        allowed: "auto, or the threads of one run from 1 to 1024",
    },
    Setting {
        key: "engine.spin",
        env: "DRISHTIKSHA_SPIN",
        default: "false",
        allowed: "true (faster on an idle machine) or false (better on a shared one)",
    },
    Setting {
        key: "limits.file_bytes",
        env: "DRISHTIKSHA_MAX_FILE_BYTES",
        default: "524288000",
        allowed: "a number of bytes above 0",
    },
    Setting {
        key: "limits.media_secs",
        env: "DRISHTIKSHA_MAX_MEDIA_SECS",
        default: "1200",
        allowed: "a number of seconds above 0",
    },
    Setting {
        key: "limits.megapixels",
        env: "DRISHTIKSHA_MAX_MEGAPIXELS",
        default: "50",
        allowed: "a number of megapixels from 1 to 2000",
    },
    Setting {
        key: "limits.decoder_memory_mib",
        env: "DRISHTIKSHA_DECODER_MEMORY_MIB",
        default: "4096",
        allowed: "a number of MiB above 0",
    },
    Setting {
        key: "limits.decoder_secs",
        env: "DRISHTIKSHA_DECODER_SECS",
        default: "900",
        allowed: "a number of seconds above 0",
    },
];
