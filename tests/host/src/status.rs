//! Statuses of the ABI.

/// What a host call returns to the module.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Status {
    /// Done.
    Ok = 0,
    /// There is no such thing.
    NotFound = 1,
    /// An argument is out of range, or the thing exists but not now.
    BadArgument = 2,
    /// A value has no serialised form.
    SerializationFailure = 3,
    /// A serialised value could not be read.
    ParseFailure = 4,
    /// An expression is wrong.
    BadExpression = 5,
    /// A pointer and size outside the module's memory, or no memory left in it.
    InvalidMemoryAccess = 6,
    /// The queue holds nothing.
    Empty = 7,
    /// Somebody else changed the value.
    CasMismatch = 8,
    /// The result is not the one expected.
    ResultMismatch = 9,
    /// Anything else went wrong.
    InternalFailure = 10,
    /// The connection is gone.
    BrokenConnection = 11,
    /// Envoy does not implement it.
    Unimplemented = 12,
}
