"""What the program tells of itself: lines and numbers, never secrets."""
