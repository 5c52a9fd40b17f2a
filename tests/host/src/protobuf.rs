//! As much of protobuf's wire format as it takes to tell a message from a name.

/// Number and contents of a field; the contents of a length-delimited one, nothing of the others.
pub(crate) type Field<'a> = (u64, &'a [u8]);

/// The fields of a message, or `None` where the bytes are none.
pub(crate) fn fields(message: &[u8]) -> Option<Vec<Field<'_>>> {
    let mut rest = message;
    let mut fields = Vec::new();
    while !rest.is_empty() {
        let key = varint(&mut rest)?;
        let contents = match key & 7 {
            0 => varint(&mut rest).map(|_| &[][..])?,
            1 => take(&mut rest, 8).map(|_| &[][..])?,
            2 => {
                let size = varint(&mut rest)?;
                take(&mut rest, usize::try_from(size).ok()?)?
            }
            5 => take(&mut rest, 4).map(|_| &[][..])?,
            _ => return None,
        };
        if key >> 3 == 0 {
            return None;
        }
        fields.push((key >> 3, contents));
    }
    Some(fields)
}

fn varint(rest: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    for shift in (0..64).step_by(7) {
        let (byte, after) = rest.split_first()?;
        *rest = after;
        number |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

fn take<'a>(rest: &mut &'a [u8], size: usize) -> Option<&'a [u8]> {
    let (taken, after) = rest.split_at_checked(size)?;
    *rest = after;
    Some(taken)
}
