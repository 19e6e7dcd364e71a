"""What screens are made of. A widget knows models, never the tracker."""
