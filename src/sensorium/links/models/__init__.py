"""What a trained model is: a network, its inputs, its scores, its folder, and how it is kept up."""
