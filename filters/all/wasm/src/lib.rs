//! Every filter in one module, chosen by root_id.
