"""HTML made of elements, with the words and numbers that pages and notebook cells share."""
