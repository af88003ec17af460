"""The tests; a package, because sippy installs one of the same name."""
