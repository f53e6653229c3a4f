//! (head)

fn main() {}
