"""What the owner can set: models, loader, editor, profiles."""
