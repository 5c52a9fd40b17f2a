//! Mapping templates, as far as a definition is checked.

/// Whether a template has something to evaluate: a reference (`$x`, `${x}`, `$!x`) or a directive or comment (`#if`,
/// `#{else}`, `##`, `#*`, `#[[`). A price tag (`$5`) and a colour (`#333`) are plain text.
pub fn has_directives(template: &str) -> bool {
    let starts = |mark: char, next: fn(char) -> bool| {
        template.match_indices(mark).any(|(at, mark)| {
            let rest = template.get(at + mark.len()..).unwrap_or_default();
            rest.chars().next().is_some_and(next)
        })
    };
    starts('$', |c| c.is_ascii_alphabetic() || "_{!\\".contains(c))
        || starts('#', |c| c.is_ascii_alphabetic() || "{#*[@".contains(c))
}
