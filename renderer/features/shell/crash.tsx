import { Component, type ReactNode } from 'react';
import { Button } from '../../components/button.tsx';
import { Problem } from '../../components/problem.tsx';

/** Contains a page that crashes, so that the rest of the panel keeps working. */
export class CrashGuard extends Component<{ children: ReactNode }, { failed: boolean }> {
  override state = { failed: false };

  static getDerivedStateFromError() {
    return { failed: true };
  }

  override render() {
    if (!this.state.failed) return this.props.children;
    return (
      <div className="p-6">
        <Problem
          message="This page could not be displayed."
          next="Your machines and jobs are not affected. Try again, or reload the panel."
        >
          <Button size="small" onClick={() => this.setState({ failed: false })}>
            {' '}
            Try again{' '}
          </Button>
          <Button size="small" onClick={() => location.reload()}>
            Reload
          </Button>
        </Problem>
      </div>
    );
  }
}
