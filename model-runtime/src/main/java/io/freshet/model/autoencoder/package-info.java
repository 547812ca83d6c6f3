/** AutoencoderKL, the variational autoencoder of latent diffusion: images to latents and back. */
@NullMarked
package io.freshet.model.autoencoder;

import org.jspecify.annotations.NullMarked;
