"""What each figure shows, as a table: estimates with labels, ready to draw or to open."""
