//! Makes one list of filters into all that there is of them.

/// Takes `Variant(filter type)` for each filter; the variant is the filter's name in camel case. Behind the type of a
/// filter that the small module does not have stands `large`.
macro_rules! filters {
    ($($variant:ident($filter:ty $(, $large:ident)?)),+ $(,)?) => {
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

            /// Whether the small module has the filter.
            pub fn is_in_small_module(&self) -> bool {
                match self {
                    $(Self::$variant(_) => stringify!($($large)?).is_empty(),)+
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

            /// The filter, configured, in the small module.
            ///
            /// # Errors
            /// The first field that is wrong, with its path, or the filter is not in that module.
            fn configure_small(self) -> Result<Box<dyn gateway::Root>, gateway::ConfigError> {
                match self {
                    $(Self::$variant(raw) => {
                        <crate::list::small!($filter $(, $large)?) as gateway::Filter>::configure(raw).map(gateway::root)
                    })+
                }
            }
        }

        /// What the module with all filters offers: each by itself, and `gateway`.
        pub const FILTERS: &[chain::Entry] = &[$(chain::Entry::of::<$filter>(),)+ GATEWAY];

        /// What the small module offers.
        pub const SMALL: &[chain::Entry] =
            &[$(chain::Entry::of::<crate::list::small!($filter $(, $large)?)>(),)+ SMALL_GATEWAY];
    };
}

/// The filter's type in the small module.
macro_rules! small {
    ($filter:ty) => { $filter };
    ($filter:ty, large) => { crate::absent::Absent<$filter> };
}

pub(crate) use {filters, small};
