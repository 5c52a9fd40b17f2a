//! Makes one list of filters into all that there is of them.

/// Takes `Variant(filter type)` for each filter; the variant is the filter's name in camel case.
macro_rules! filters {
    ($($variant:ident($filter:ty)),+ $(,)?) => {
        /// A filter's configuration, under the filter's name.
        #[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
        #[serde(rename_all = "kebab-case")]
        #[allow(clippy::large_enum_variant, reason = "a handful of them, once for each configuration")]
        pub enum RawFilter {
            $(
                #[doc = concat!("Of [`", stringify!($filter), "`].")]
                $variant(<$filter as gateway::Filter>::Raw),
            )+
        }

        impl RawFilter {
            /// The filter's name.
            pub fn name(&self) -> &'static str {
                match self {
                    $(Self::$variant(_) => <$filter as gateway::Filter>::NAME,)+
                }
            }

            /// The filter, configured.
            ///
            /// # Errors
            /// The first field that is wrong, with its path.
            pub fn configure(self) -> Result<Box<dyn gateway::Root>, gateway::ConfigError> {
                match self {
                    $(Self::$variant(raw) => <$filter as gateway::Filter>::configure(raw).map(gateway::root),)+
                }
            }
        }

        /// What a module with all filters offers: each by itself, and `gateway`.
        pub const FILTERS: &[chain::Entry] = &[$(chain::Entry::of::<$filter>(),)+ GATEWAY];
    };
}

pub(crate) use filters;
