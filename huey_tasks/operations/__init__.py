"""Operations on many tasks at once, and their undo."""
