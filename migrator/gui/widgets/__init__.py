"""Small widgets that the views are made of; they know nothing about migrations."""
