//! Tokens, and the lexical modes that decide which of them are possible.

use std::rc::Rc;

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Eof,
    /// Text outside of any construct.
    Text,
    /// A lone `\` in text.
    Escape,
    /// `\\` in text.
    DoubleEscape,
    /// `\#word`, with its backslashes.
    EscapedDirective,
    /// `$[` and `$.`, which begin no reference.
    EmptyIndex,
    /// `##`
    LineComment,
    /// The newline that ends a `##` comment.
    LineCommentEnd,
    /// `*#` at the end of a block comment.
    BlockComment,
    /// `*#` at the end of a `#**` comment.
    FormalComment,
    /// `#[[…]]#`
    Textblock,

    /// `#set(` with the blanks before it.
    Set,
    If,
    ElseIf,
    Else,
    End,
    /// `#name` of any other directive; inside arguments a bare word.
    Word,
    /// `#{name}`
    BracketedWord,

    /// `$name`; behind a dot, or inside method arguments, a bare name.
    Identifier,
    /// `.` between a reference and a property.
    Dot,
    /// `${`
    CurlyOpen,
    /// `}` after a reference.
    CurlyClose,
    /// `[` after a reference.
    IndexOpen,
    /// `]` of an index.
    IndexClose,

    LParen,
    /// `)` of a directive, with blanks and a newline that follow.
    RParen,
    /// `)` of a method call.
    MethodClose,
    LBracket,
    RBracket,
    LeftCurly,
    RightCurly,
    Comma,
    Colon,
    DoubleDot,
    Whitespace,

    StringLiteral,
    Integer,
    Float,
    True,
    False,

    Plus,
    Minus,
    Star,
    Slash,
    Percent,
    And,
    Or,
    Not,
    Lt,
    Le,
    Gt,
    Ge,
    Eq,
    Ne,
    Assign,
}

impl Kind {
    /// How an error message names it.
    pub(crate) fn describe(self) -> &'static str {
        match self {
            Self::Eof => "the end of the template",
            Self::Text | Self::Escape | Self::DoubleEscape | Self::EmptyIndex | Self::Textblock => "text",
            Self::EscapedDirective => "an escaped directive",
            Self::LineComment | Self::LineCommentEnd | Self::BlockComment | Self::FormalComment => "a comment",
            Self::Set => "`#set(`",
            Self::If => "`#if`",
            Self::ElseIf => "`#elseif`",
            Self::Else => "`#else`",
            Self::End => "`#end`",
            Self::Word | Self::BracketedWord => "a word",
            Self::Identifier => "a name",
            Self::Dot => "`.`",
            Self::CurlyOpen | Self::LeftCurly => "`{`",
            Self::CurlyClose | Self::RightCurly => "`}`",
            Self::IndexOpen | Self::LBracket => "`[`",
            Self::IndexClose | Self::RBracket => "`]`",
            Self::LParen => "`(`",
            Self::RParen | Self::MethodClose => "`)`",
            Self::Comma => "`,`",
            Self::Colon => "`:`",
            Self::DoubleDot => "`..`",
            Self::Whitespace => "white space",
            Self::StringLiteral => "a string",
            Self::Integer | Self::Float => "a number",
            Self::True => "`true`",
            Self::False => "`false`",
            Self::Assign => "`=`",
            Self::Plus
            | Self::Minus
            | Self::Star
            | Self::Slash
            | Self::Percent
            | Self::And
            | Self::Or
            | Self::Not
            | Self::Lt
            | Self::Le
            | Self::Gt
            | Self::Ge
            | Self::Eq
            | Self::Ne => "an operator",
        }
    }
}

/// A token: a stretch of the source.
#[derive(Debug, Clone)]
pub(crate) struct Token {
    pub kind: Kind,
    /// Byte offsets in the source. A reference moves `start` past its escapes.
    pub start: usize,
    pub end: usize,
    /// `$`, `#` and backslashes before the token that turned out to begin nothing, and that text prints.
    pub before: Option<Rc<str>>,
}

/// Velocity reads a template in modes. A character means different things in each, and the mode after a token depends
/// on the tokens before, so that `)` or `}` or a newline may or may not end what came before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Text.
    Default,
    /// After `$`.
    Reference,
    /// After `$name.`
    RefModifier,
    /// In the arguments of a method.
    RefArguments,
    /// In the brackets of an index.
    RefIndex,
    /// After `#`, before it is known whether a directive follows.
    PreDirective,
    /// In the arguments of a directive.
    Directive,
    LineComment,
    FormalComment,
    BlockComment,
    Textblock,
}

/// A bare name: letters, digits, `_` and `-`.
pub(crate) fn identifier_len(bytes: &[u8]) -> usize {
    match bytes.first() {
        Some(b) if b.is_ascii_alphabetic() || *b == b'_' => {
            bytes.iter().take_while(|b| b.is_ascii_alphanumeric() || **b == b'-' || **b == b'_').count()
        }
        _ => 0,
    }
}

/// The name of a directive: letters, digits, `_` and `@`.
pub(crate) fn word_len(bytes: &[u8]) -> usize {
    match bytes.first() {
        Some(b) if b.is_ascii_alphabetic() || *b == b'_' || *b == b'@' => word_chars(bytes),
        _ => 0,
    }
}

/// `{name}`, braces included.
pub(crate) fn bracketed_word_len(bytes: &[u8]) -> usize {
    let Some((b'{', rest)) = bytes.split_first() else { return 0 };
    if !rest.first().is_some_and(|b| b.is_ascii_alphabetic() || *b == b'_') {
        return 0;
    }
    let len = word_chars(rest);
    if rest.get(len) == Some(&b'}') { len.saturating_add(2) } else { 0 }
}

fn word_chars(bytes: &[u8]) -> usize {
    bytes.iter().take_while(|b| b.is_ascii_alphanumeric() || **b == b'_' || **b == b'@').count()
}

/// `\n`, `\r` or `\r\n`.
pub(crate) fn newline_len(bytes: &[u8]) -> usize {
    match bytes {
        [b'\r', b'\n', ..] => 2,
        [b'\r' | b'\n', ..] => 1,
        _ => 0,
    }
}

/// Spaces and tabs.
pub(crate) fn blank_len(bytes: &[u8]) -> usize {
    bytes.iter().take_while(|b| matches!(b, b' ' | b'\t')).count()
}
